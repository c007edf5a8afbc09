import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ValidationError } from "../../errors.js";
import { compileSchema, type Issue } from "../../install/manifest/json-validator.js";
import { isWithinDepth } from "../../util/depth.js";
import { namesOf } from "../../util/text/json-pointer.js";
import { Host } from "../host.js";
import type { HostOptions } from "../options/host-options.js";
import type { PluginSpec } from "../options/spec.js";
import { CONFIG_SCHEMA } from "./config-schema.js";
import { fillIn } from "./placeholders.js";
import { fromSeedShape } from "./seed-shape.js";

type Values = Readonly<Record<string, unknown>>;
const NAMES = ["mortise.config.json", "mortise.config.js", "mortise.config.mjs"];
const MAX_DEPTH = 64;
// What a program says in its own words, and JSON cannot.
const CODE = new Set(["topics", "provides", "runtimes", "access", "logger"]);
const PLUGIN_CODE = new Set(["provides", "logger", "runtime", "stderr", "syncStdout", "syncStderr"]);

/**
 * Reads the options of a host from a file: `mortise.config.json`, in which `${NAME}` stands for a variable of the environment; or
 * `mortise.config.js` or `.mjs`, whose default export is the options or a function that gives them. Paths in it begin at its directory.
 * @param path The file, or a directory that has one of them. @default the current directory
 * @throws {ValidationError} `INVALID_INPUT` with every fault and its path.
 * @example const host = new Host(await loadConfig());
 */
export async function loadConfig(path: string | URL = "."): Promise<HostOptions> {
  const file = await findFile(resolve(path instanceof URL ? fileURLToPath(path) : path));
  const issues: Issue[] = [];
  const given = file.endsWith(".json") ? fillIn(await readJson(file), process.env, issues) : await runModule(file);
  const config = fromSeedShape(given);
  const validate = await compileSchema(CONFIG_SCHEMA, { isOurs: true });
  issues.push(...validate(file.endsWith(".json") ? config : withoutCode(config)));
  if (issues.length > 0) throw failed(file, issues);
  const options = withPaths(config as Values, dirname(file)) as HostOptions;
  try {
    // Plugins of one id, circles, and what a module says in code. A host that is not used is nothing that has to be ended.
    new Host(options);
  } catch (error) {
    throw failed(file, [{ pointer: "", message: (error as Error).message }], error);
  }
  return options;
}

async function findFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw failed(path, [{ pointer: "", message: "is not there" }]);
  if (!found.isDirectory()) return path;
  const present: string[] = [];
  for (const name of NAMES) if ((await stat(join(path, name)).catch(() => undefined))?.isFile()) present.push(name);
  const [first, second] = present;
  if (first === undefined) throw failed(path, [{ pointer: "", message: `has none of ${NAMES.join(", ")}` }]);
  if (second !== undefined) throw failed(path, [{ pointer: "", message: `has both ${first} and ${second}: name the one that is meant` }]);
  return join(path, first);
}

async function readJson(file: string): Promise<unknown> {
  const text = (await readFile(file, "utf8")).replace(/^\ufeff/, "");
  if (!isWithinDepth(text, 0, text.length, MAX_DEPTH))
    throw failed(file, [{ pointer: "", message: `is nested deeper than ${MAX_DEPTH} levels` }]);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw failed(file, [{ pointer: "", message: `is no JSON: ${(error as Error).message}` }], error);
  }
}

async function runModule(file: string): Promise<unknown> {
  try {
    const { default: exported } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly default?: unknown;
    };
    return typeof exported === "function" ? await (exported as () => unknown)() : exported;
  } catch (error) {
    throw failed(file, [{ pointer: "", message: `could not be run: ${error instanceof Error ? error.message : String(error)}` }], error);
  }
}

/** What of a module's options JSON could say too; plugins in code are looked at by the host itself. */
function withoutCode(config: unknown): unknown {
  if (typeof config !== "object" || config === null || Array.isArray(config)) return config;
  const data = without(config as Values, CODE);
  const { plugins, runtimeProvider } = data as { readonly plugins?: unknown; readonly runtimeProvider?: unknown };
  return {
    ...data,
    ...(typeof runtimeProvider === "object" ? { runtimeProvider: "own" } : {}),
    ...(Array.isArray(plugins)
      ? {
          plugins: plugins
            .filter((plugin) => (plugin as PluginSpec | null)?.mode !== "inline")
            .map((plugin) => without(plugin as Values, PLUGIN_CODE)),
        }
      : {}),
  };
}

function without(values: Values, names: ReadonlySet<string>): Values {
  if (typeof values !== "object" || values === null) return values;
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !names.has(name) && value !== undefined));
}

function withPaths({ $schema: _, ...config }: Values, directory: string): Values {
  const { dataDir, plugins } = config as { readonly dataDir?: unknown; readonly plugins?: readonly Values[] };
  const inDirectory = (path: unknown): unknown => (typeof path === "string" ? resolve(directory, path) : path);
  return {
    ...config,
    ...(dataDir === undefined ? {} : { dataDir: inDirectory(dataDir) }),
    ...(plugins === undefined ? {} : { plugins: plugins.map((plugin) => pluginWithPaths(plugin, directory)) }),
  };
}

function pluginWithPaths(plugin: Values, directory: string): Values {
  const { mode = "supervised", cwd = "." } = plugin;
  if (mode !== "supervised") return plugin;
  return { ...plugin, mode, cwd: typeof cwd === "string" ? resolve(directory, cwd) : cwd };
}

function failed(file: string, issues: readonly Issue[], cause?: unknown): ValidationError {
  const lines = issues.slice(0, 50).map(({ pointer, message }) => `\n  ${pointer === "" ? "it" : pathOf(pointer)} ${message}`);
  const sentence = `Cannot take the configuration from "${file}"${lines.join("")}`;
  const shown = issues.map(({ pointer, message }) => ({ message, path: namesOf(pointer) }));
  return new ValidationError("INVALID_INPUT", sentence, shown, cause === undefined ? undefined : { cause });
}

/** As options are named elsewhere: `plugins[0].token`. */
function pathOf(pointer: string): string {
  return namesOf(pointer)
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}
