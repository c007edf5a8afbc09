// Packages in CommonJS that are loaded on use. They are joined into a module each, whose imports are Node.js's own alone: a bundler that
// makes a module of a program cannot make anything of their require(). Each is used where what is installed is what it was made from, see
// src/joined/installed.ts.
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, resolve } from "node:path";
import { esmExternalRequirePlugin } from "rolldown/plugins";

/** What is taken of each: names, or all that it is. */
const PACKAGES = { "fast-glob": ["default"], "tree-kill": ["default"], ws: ["WebSocket", "WebSocketServer"] };
const PREFIX = "mortise/joined/";
/** Native helpers of ws, which try them. One is used where it is installed; what the other does Node.js does by itself. */
const OPTIONAL = {
  bufferutil: 'export const { mask, unmask } = process.getBuiltinModule("node:module").createRequire(import.meta.url)("bufferutil");',
  "utf-8-validate": 'throw new Error("Node.js has isUtf8()");\nexport {};',
};

/** What the modules of a build import of these is in a file of its own. */
export const joinedPackages = {
  name: "joined-packages",
  resolveId: (id) => (Object.hasOwn(PACKAGES, id) ? { id: PREFIX + id, external: true } : null),
};

/** Their files instead of their names, from a file so far down. */
export const withJoinedFiles = (code, up) => code.replace(/"mortise\/joined\/([\w-]+)"/g, `"${up}chunks/joined/$1.js"`);

/** A build of each of those files. */
export const joinedBuilds = Object.keys(PACKAGES).map((name) => ({
  input: { [name]: PREFIX + name },
  external: [],
  plugins: [
    {
      name: "packages",
      resolveId: (id) => (id.startsWith(PREFIX) || Object.hasOwn(OPTIONAL, id) ? `\0${id}` : null),
      load(id) {
        if (id.startsWith(`\0${PREFIX}`)) return joinedOrInstalled(id.slice(PREFIX.length + 1));
        return OPTIONAL[id.slice(1)] ?? null;
      },
    },
    esmExternalRequirePlugin({ external: builtinModules }),
  ],
}));

function joinedOrInstalled(name) {
  const names = PACKAGES[name];
  const isWhole = names[0] === "default";
  const found = isWhole ? "const whole" : `const { ${names.join(", ")} }`;
  return `import ${isWhole ? "joined" : "* as joined"} from "${name}";
import { installedInstead } from ${JSON.stringify(resolve("src/joined/installed.ts"))};
${found} = installedInstead(${JSON.stringify(name)}, ${JSON.stringify(versionIn(directoryOf(name, ".")))}, ${JSON.stringify(partsOf(name))}) ?? joined;
export { ${isWhole ? "whole as default" : names.join(", ")} };`;
}

/** What a package depends on, each before what that depends on: name, version, and whose dependency it is. */
function partsOf(name, directory = directoryOf(name, "."), known = new Set()) {
  const { dependencies = {} } = manifestIn(directory);
  return Object.keys(dependencies).flatMap((part) => {
    if (known.has(part)) return [];
    known.add(part);
    const at = directoryOf(part, directory);
    return [[part, versionIn(at), name], ...partsOf(part, at, known)];
  });
}

function directoryOf(name, from) {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const found = join(directory, "node_modules", name);
    if (existsSync(found)) return found;
    if (directory === dirname(directory)) throw new Error(`Cannot build: there is no package "${name}"`);
  }
}

function manifestIn(directory) {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
}

function versionIn(directory) {
  return manifestIn(directory).version;
}
