import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TOOLS = new URL("../../scripts/tools/node_modules/", import.meta.url);
/** Where this platform's binary of each is, in what `npm run tools` installs. */
const RUNTIMES = {
  bun: [`@oven/bun-${process.platform}-${process.arch === "x64" ? "x64-baseline" : "aarch64"}/bin/bun`],
  deno: [`@deno/${process.platform}-${process.arch}-glibc/deno`, `@deno/${process.platform}-${process.arch}/deno`],
} as const;

/** A file of the programs that tests try the package with; why it is not there, else. */
export interface Tool {
  readonly file: string;
  readonly lack: string | undefined;
}

/** The binary of a runtime. Where everything must run, its lack is a fault. */
export function findRuntime(name: keyof typeof RUNTIMES): Tool {
  return findTool(name, RUNTIMES[name]);
}

/** A package's file, by its path in `node_modules`. */
export function findTool(name: string, paths: readonly string[]): Tool {
  const files = paths.map((path) => fileURLToPath(new URL(path, TOOLS)));
  const found = files.find((file) => existsSync(file));
  if (found !== undefined) return { file: found, lack: undefined };
  const lack = `${name} is not installed: run npm run tools`;
  if (process.env["CI"]) throw new Error(`Cannot run the tests that need it: ${lack}`);
  return { file: "", lack };
}
