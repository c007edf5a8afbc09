// json-rpc-2.0's models, which as files of their own would cost a plugin's start 4 ms, are joined in. They are used where the version is
// installed that they were made from. Where it is another, that is loaded, see src/joined/installed.ts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(import.meta.url);
const NAME = "json-rpc-2.0";
const MODELS = `${NAME}/dist/models.js`;
const MODELS_OR_INSTALLED = `\0${NAME}`;

export const joined = {
  name: "joined",
  resolveId(id, importer) {
    if (id === MODELS && importer !== MODELS_OR_INSTALLED) return MODELS_OR_INSTALLED;
    return id === MODELS_OR_INSTALLED ? id : null;
  },
  load: (id) => (id === MODELS_OR_INSTALLED ? modelsOrInstalled() : null),
};

function modelsOrInstalled() {
  const names = Object.keys(require(MODELS)).join(", ");
  const { version } = JSON.parse(readFileSync(resolve(`node_modules/${NAME}/package.json`), "utf8"));
  return `import * as models from "${MODELS}";
import { installedInstead } from ${JSON.stringify(resolve("src/joined/installed.ts"))};
const { ${names} } = installedInstead("${NAME}", "${version}") ?? models;
export { ${names} };`;
}
