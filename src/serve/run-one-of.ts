import { basename } from "node:path";
import { isObject } from "../util/options/names.js";
import type { ServeOptions } from "./options.js";
import { runPlugin } from "./run-plugin.js";
import { writeStderr } from "./stderr-logger.js";

/** What serveMux() does. */
export async function runOneOf(plugins: Readonly<Record<string, ServeOptions>>): Promise<void> {
  if (!isObject(plugins) || Object.keys(plugins).length === 0) {
    throw new TypeError("Cannot serve: serveMux() takes an object with one entry for each plugin");
  }
  const [, script = "plugin", name] = process.argv;
  if (name !== undefined && Object.hasOwn(plugins, name)) return runPlugin(plugins[name] as ServeOptions);
  writeStderr(usage(basename(script), name, Object.keys(plugins)));
  process.exit(1);
}

function usage(script: string, name: string | undefined, names: readonly string[]): string {
  const problem = name === undefined ? "It needs the name of one of them as its first argument." : `There is no plugin "${name}" in it.`;
  return `This program holds several plugins. ${problem}\n\n  usage: ${script} <plugin>\n\n  plugins: ${[...names].sort().join(", ")}\n`;
}
