import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveClientOptions } from "../../src/client/options/options.js";
import * as contract from "../../src/contract/index.js";
import * as host from "../../src/index.js";
import * as plugin from "../../src/serve/index.js";
import { resolveServeOptions } from "../../src/serve/options.js";
import * as testing from "../../src/testing/index.js";
import { rejection } from "../kit/fixtures.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/api.md"), "utf8");

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly default: string;
  readonly throws: string;
}

/** The table under a heading of docs/api.md, without the code marks around names and values. */
function rowsOf(heading: string): readonly Row[] {
  const section = PAGE.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const [titles = [], , ...rows] = section.match(/^\| .* \|$/gm)?.map((line) => line.slice(2, -2).split(" | ")) ?? [];
  const cell = (row: readonly string[], title: string): string => row[titles.indexOf(title)]?.replaceAll("`", "") ?? "";
  return rows.map((row) => ({
    name: cell(row, "Name"),
    unit: cell(row, "Unit"),
    default: cell(row, "Default"),
    throws: cell(row, "Throws"),
  }));
}

/** The names that an error lists: "there is no option "x"; the options are a, b". */
const namesIn = (error: unknown): readonly string[] => / are ([\w, ]+)$/m.exec((error as Error).message)?.[1]?.split(", ") ?? [];
const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};
const withoutInner = (rows: readonly Row[]): readonly string[] => rows.map(({ name }) => name).filter((name) => !name.includes("."));
const wrong = { nope: 1 } as never;
const limitsOf = (limits: object) => resolveClientOptions({ command: "x", limits }).limits;

test("docs/api.md is what the docstrings say", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/api-docs.mjs"), "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("docs/api.md has a heading for each function, value and class of each entry point", () => {
  const headings = new Set([...PAGE.matchAll(/^### (?:class )?(\w+)(?:\(\))?$/gm)].map(([, name]) => name));
  const names = [host, contract, plugin, testing].flatMap((entry) => Object.keys(entry));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !headings.has(name))).toEqual([]);
});

test("docs/api.md lists the options that the checks know, and no other", async () => {
  expect(namesIn(thrownBy(() => host.NewClient(wrong))).toSorted()).toEqual(withoutInner(rowsOf("type ClientOptions")).toSorted());
  expect(namesIn(thrownBy(() => resolveServeOptions(wrong))).toSorted()).toEqual(withoutInner(rowsOf("type ServeOptions")).toSorted());
  expect(namesIn(thrownBy(() => limitsOf(wrong))).toSorted()).toEqual(withoutInner(rowsOf("type Limits")).toSorted());
  expect(namesIn(await rejection(host.discover("*", ".", wrong))).toSorted()).toEqual(
    withoutInner(rowsOf("type DiscoverOptions")).toSorted(),
  );
  expect(namesIn(await rejection(testing.connectInMemory(wrong))).toSorted()).toEqual(
    withoutInner(rowsOf("type InMemoryOptions")).toSorted(),
  );
  const client = host.NewClient({ command: "./never-started.js" });
  expect(namesIn(await rejection(client.start(wrong)))).toEqual(withoutInner(rowsOf("type StartOptions")));
  expect(namesIn(await rejection(client.drain(wrong)))).toEqual(withoutInner(rowsOf("type DrainOptions")));
});

test("docs/api.md lists the options of a call", async () => {
  await using connection = await testing.connectInMemory({ provides: [] });
  const names = namesIn(await rejection(connection.call("a.b", undefined, wrong)));
  expect(names.toSorted()).toEqual(withoutInner(rowsOf("type CallOptions")).toSorted());
});

/** What a `Default` cell says, where it is a value. */
function parsedDefault(text: string): unknown {
  const [value = ""] = /^[^ ,]+/.exec(text) ?? [];
  try {
    return JSON.parse(value.replaceAll("_", "")) as unknown;
  } catch {
    return undefined;
  }
}

/** An option by its name, as in `heartbeat.intervalMs`. */
function at(options: object, name: string): unknown {
  return name.split(".").reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], options);
}

test("docs/api.md has the defaults that are used", () => {
  const attached = {
    pid: 1,
    address: { network: "unix", path: "/x" },
    protocol: "jsonrpc",
    apiVersion: 1,
    secret: "0".repeat(64),
  } as const;
  const actual: Readonly<Record<string, object>> = {
    ClientOptions: { ...resolveClientOptions({ command: "x" }), reattach: resolveClientOptions({ reattach: attached }).reattach },
    ServeOptions: resolveServeOptions({ provides: [] }),
    Limits: limitsOf({}),
    Handshake: resolveClientOptions({ command: "x" }).handshake,
  };
  const checked = Object.entries(actual).flatMap(([type, options]) =>
    rowsOf(`type ${type}`).flatMap((row) => {
      const value = parsedDefault(row.default);
      if (value === undefined || typeof value === "object") return [];
      expect(at(options, row.name), `${type}.${row.name}`).toBe(value);
      return [row.name];
    }),
  );
  expect(checked).toEqual(
    expect.arrayContaining(["callTimeoutMs", "heartbeat.intervalMs", "reattach.mayKill", "transport", "maxUnreadBytes"]),
  );
});

test("docs/api.md has the range of each limit", () => {
  for (const { name, throws } of rowsOf("type Limits")) {
    const [, first = "", last] = /from ([\d,]+)(?: to ([\d,]+)(?: \([^)]*\))?)?\.$/.exec(throws) ?? [];
    const number = (text: string): number => Number(text.replaceAll(",", ""));
    const set = (value: number): unknown => thrownBy(() => limitsOf({ [name]: value })[name as keyof host.Limits]);
    expect(set(number(first)), name).toBe(number(first));
    expect(set(number(first) - 1), name).toBeInstanceOf(RangeError);
    const most = last === undefined ? Number.MAX_SAFE_INTEGER : number(last);
    expect(set(most), name).toBe(most);
    expect(set(most + 1), name).toBeInstanceOf(RangeError);
  }
});

test("docs/api.md says which durations are out of range", () => {
  for (const { name, throws } of rowsOf("type ClientOptions").filter(({ unit }) => unit === "milliseconds")) {
    const [outer = "", inner] = name.split(".");
    const set = (value: number): unknown =>
      thrownBy(() => resolveClientOptions({ command: "x", [outer]: inner === undefined ? value : { [inner]: value } }));
    expect(set(-1), name).toBeInstanceOf(RangeError);
    expect(set(0) instanceof RangeError, name).toBe(throws.includes("not above 0"));
    expect(set(Number.POSITIVE_INFINITY) instanceof RangeError, name).toBe(throws.includes("Infinity"));
  }
});

describe("the script that writes docs/api.md", () => {
  let dir: string;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(dir, "scripts/api-docs.mjs"), ...args], { encoding: "utf8" });
  const OPTIONS =
    "/** How. */\nexport interface GreetOptions {\n  /** How often. @default 1 */\n  readonly maxCount?: number | undefined;\n}\n";

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "api-"));
    // Without the programs that other tests compare with: copying hundreds of megabytes took most of the time.
    const filter = (path: string): boolean => !path.endsWith("/tools");
    cpSync(join(ROOT, "scripts"), join(dir, "scripts"), { recursive: true, filter });
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    write("package.json", JSON.stringify({ name: "mortise", exports: { ".": "./x.js", "./package.json": "./package.json" } }));
    write("docs/errors.md", "# Errors\n\n## BUSY\n");
    for (const room of ["contract", "serve", "host", "connectors", "testing"]) write(`src/${room}/index.ts`, "// Nothing.\n");
    write("src/index.ts", '// All.\nexport { greet } from "./greet.js";\nexport type { GreetOptions } from "./greet.js";\n');
    write(
      "src/greet.ts",
      `${OPTIONS}/** Greets. @throws {PluginError} \`BUSY\` If it has no time. */\nexport async function greet(name: string = "you", options: GreetOptions = {}): Promise<string> {\n  return name + options;\n}\n`,
    );
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test("writes signatures, options, units, defaults and errors, and finds nothing to do then", () => {
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    const page = readFileSync(join(dir, "docs/api.md"), "utf8");
    expect(page).toContain(
      "### greet()\n\n```ts\nfunction greet(name?: string, options?: GreetOptions): Promise<string>;\n```\n\nGreets.\n\nRejects with:\n\n- `PluginError`: [`BUSY`](errors.md#busy) if it has no time.\n",
    );
    expect(page).toContain(
      "| Name | Type | Unit | Default | What it is |\n| --- | --- | --- | --- | --- |\n| `maxCount` | `number` | items | `1` | How often. |\n",
    );
    expect(run("--check")).toMatchObject({ status: 0, stderr: "" });
  });

  test("fails with --check when a docstring has changed, and writes nothing", () => {
    run();
    const page = readFileSync(join(dir, "docs/api.md"), "utf8");
    write("src/greet.ts", readFileSync(join(dir, "src/greet.ts"), "utf8").replace("Greets.", "Greets again."));
    expect(run("--check")).toMatchObject({ status: 1, stderr: "docs/api.md is not what the docstrings say\n  Run: npm run docs:sync\n" });
    expect(readFileSync(join(dir, "docs/api.md"), "utf8")).toBe(page);
  });

  test.each([
    ["/** How often. @default 1 */", "", 'Cannot describe "GreetOptions.maxCount": it has no docstring'],
    ["@default 1 ", "", 'Cannot describe "GreetOptions.maxCount": its docstring has no @default'],
    ["/** How. */\n", "", 'Cannot describe "GreetOptions": it has no docstring'],
  ])("refuses a declaration without %s", (part, instead, sentence) => {
    write("src/greet.ts", readFileSync(join(dir, "src/greet.ts"), "utf8").replace(part, instead));
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining(sentence) });
  });

  test("refuses an entry point whose source it does not know", () => {
    write("package.json", JSON.stringify({ name: "mortise", exports: { "./more": "./more.js" } }));
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('Cannot describe "mortise/more"') });
  });
});
