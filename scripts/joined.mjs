// What the build joins in of other packages is used where what is installed is what it was made from. Where that is of another version,
// it is loaded, see src/joined/installed.ts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";

const require = createRequire(import.meta.url);
const INSTALLED = JSON.stringify(resolve("src/joined/installed.ts"));
/** json-rpc-2.0's models, which are loaded at once. As files of their own they would cost a plugin's start 4 ms. */
const MODELS = "json-rpc-2.0/dist/models.js";
/** execa, which is loaded at the first spawn. Its hundred files would cost that 60 ms. */
const EXECA = /(?<!typeof )import\("execa"\)/g;
const [MODELS_OR_INSTALLED, EXECA_OR_INSTALLED] = ["\0json-rpc-2.0", "\0execa"];
const CODE = { [MODELS_OR_INSTALLED]: modelsOrInstalled, [EXECA_OR_INSTALLED]: execaOrInstalled };

export const joined = {
  name: "joined",
  resolveId(id, importer) {
    if (id === MODELS && importer !== MODELS_OR_INSTALLED) return MODELS_OR_INSTALLED;
    return id in CODE ? id : null;
  },
  load: (id) => CODE[id]?.() ?? null,
  transform(code, id) {
    if (!id.endsWith(".ts") || code.search(EXECA) < 0) return null;
    return `import { loadExeca as __execa } from ${JSON.stringify(EXECA_OR_INSTALLED)};${code.replaceAll(EXECA, "__execa()")}`;
  },
};

function modelsOrInstalled() {
  const names = Object.keys(require(MODELS)).join(", ");
  return `import * as models from ${JSON.stringify(MODELS)};
import { installedInstead } from ${INSTALLED};
const { ${names} } = installedInstead(${JSON.stringify(packagesOf("json-rpc-2.0"))}) ?? models;
export { ${names} };`;
}

/** Where nothing is seen to be installed, a bundler may have found it, or a resolver of the program's own may. */
function execaOrInstalled() {
  return `import { installedOf } from ${INSTALLED};
const loadJoined = () => import(${JSON.stringify(resolve("node_modules/execa/index.js"))});
export async function loadExeca() {
  const installed = installedOf(${JSON.stringify(packagesOf("execa"))});
  if (installed === "same") return loadJoined();
  return installed === "unseen" ? import("execa").catch(loadJoined) : import("execa");
}`;
}

/** A package and all that it needs, in the form of src/joined/installed.ts. */
function packagesOf(name) {
  const packages = [];
  const add = (needed, neededBy, from) => {
    const directory = directoryOf(needed, from);
    const { version, dependencies = {} } = JSON.parse(readFileSync(`${directory}/package.json`, "utf8"));
    const index = packages.push([needed, version, neededBy]) - 1;
    for (const dependency of Object.keys(dependencies).sort()) add(dependency, index, directory);
  };
  add(name, -1, resolve("."));
  return packages;
}

function directoryOf(name, from) {
  for (let parent = from; ; parent = dirname(parent)) {
    const path = resolve(parent, "node_modules", name);
    try {
      readFileSync(`${path}/package.json`);
      return path;
    } catch (error) {
      if (parent === dirname(parent)) throw error;
    }
  }
}
