import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ClientOptions,
  defineContract,
  MagicCookieKey,
  MagicCookieValue,
  method,
  NewClient,
  type Runtime,
} from "../../../src/index.js";
import { startFailure } from "../../client/start/start-failure.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { spawnRuntime } from "../../kit/spawn-runtime.js";
import { findTool } from "../../package/tools.js";

gate();
const shows = defineContract("shows", { argv: method<void, string[]>(), execArgv: method<void, string[]>() });
const typed = defineContract("typed", { double: method<number, number>() });
const PLUGIN = new URL("../../fixtures/plugins/shows-env.mjs", import.meta.url);
const ANY = { minPort: 0, maxPort: 0 } as const;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "scripts-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

async function argvOf(options: ClientOptions): Promise<string[]> {
  await using client = NewClient({ ...ANY, ...options });
  return (await client.dispense(shows)).argv();
}
async function execArgvOf(options: ClientOptions): Promise<string[]> {
  await using client = NewClient({ ...ANY, ...options });
  return (await client.dispense(shows)).execArgv();
}

test("[O25] a command is a file: URL as well, alone, with arguments, as a text, and of another realm", async () => {
  const file = fileURLToPath(PLUGIN);
  const OfAnotherRealm = { href: PLUGIN.href, protocol: "file:" } as unknown as URL;
  expect(await argvOf({ command: PLUGIN, cwd: "/" })).toEqual([process.execPath, file]);
  expect(await argvOf({ command: [PLUGIN, "a b", "file:///c"] })).toEqual([process.execPath, file, "a b", "file:///c"]);
  expect(await argvOf({ command: [process.execPath, PLUGIN, PLUGIN.href] })).toEqual([process.execPath, file, PLUGIN.href]);
  expect(await argvOf({ command: PLUGIN.href })).toEqual([process.execPath, file]);
  expect(await argvOf({ command: OfAnotherRealm })).toEqual([process.execPath, file]);
});

test("[O25] a URL leads to any file, its characters escaped or not, and to what the checksum is of", async () => {
  writeFileSync(join(dir, "a #%b.cjs"), "process.exit(3)");
  const url = pathToFileURL(join(dir, "a #%b.cjs"));
  const error = await startFailure(NewClient({ command: url, ...ANY }));
  expect(error.message).toContain(`Cannot start plugin "${dir}/a #%b.cjs": it exited with code 3`);
  expect(error.command).toBe(`${dir}/a #%b.cjs`);
  const checked = await startFailure(NewClient({ command: url, checksum: { algorithm: "sha256", digest: "0".repeat(64) }, ...ANY }));
  expect(checked.message).toContain(`digest of its file "${dir}/a #%b.cjs" is `);
  const gone = await startFailure(NewClient({ command: [new URL("./gone.js", url), "x"], ...ANY }));
  expect(gone.message).toBe(`Cannot start plugin "${dir}/gone.js x": there is no file "${dir}/gone.js"`);
});

test("[O25] a URL of anything but a file of this machine is refused where the client is made", () => {
  const wanted = "and it must be the plugin's file, as a path or file: URL, or a list of the file and its arguments";
  for (const href of ["https://example.com/plugin.js", "data:text/javascript,0", "file://elsewhere/plugin.js"]) {
    for (const command of [new URL(href), [new URL(href), "x"], ["x", new URL(href)]] as const) {
      expect(() => NewClient({ command } as ClientOptions)).toThrow(
        new TypeError(`Cannot create a client: command is ${JSON.stringify(href)}, ${wanted}`),
      );
    }
  }
  expect(() => NewClient({ command: new URL("file:///a%00b") })).toThrow("command holds a NUL character");
});

test("[O25] an interpreter runs the script with its arguments and execArgv, and the sentence shows what ran", async () => {
  const options = { command: PLUGIN, interpreter: [process.execPath, "--expose-gc"], execArgv: ["--stack-size=900"] };
  expect(await execArgvOf(options)).toEqual(["--expose-gc", "--stack-size=900"]);
  writeFileSync(join(dir, "ends.mjs"), "process.exit(5)");
  const error = await startFailure(NewClient({ ...ANY, ...options, command: "./ends.mjs", cwd: dir }));
  const byHand = `cd ${dir} && ${MagicCookieKey}=${MagicCookieValue} node --expose-gc --stack-size=900 ./ends.mjs`;
  expect(error.message).toBe(
    `Cannot start plugin "./ends.mjs": it exited with code 5 before announcing an address\n  Run it by hand to see the full output: ${byHand}`,
  );
  const other = await startFailure(NewClient({ ...ANY, command: "./ends.mjs", cwd: dir, interpreter: ["/bin/sh", "-c", "exit 6"] }));
  expect(other.message).toMatch(/: it exited with code 6 before .* sh -c 'exit 6' \.\/ends\.mjs$/s);
});

test("[O25] an interpreter that is not there is an error of the start", async () => {
  const error = await startFailure(NewClient({ command: PLUGIN, interpreter: "./no-node", cwd: dir, ...ANY }));
  expect(error.message).toBe(
    `Cannot start plugin "${fileURLToPath(PLUGIN)}": its interpreter cannot be run: there is no file "${dir}/no-node"\n` +
      "  A relative path starts at the client's cwd.",
  );
  expect(error.reason).toBe("missing");
});

test("[O24] a runtime is handed the interpreter before the command, where there is one, and the URL as a path", async () => {
  const commands: (readonly string[])[] = [];
  const { start } = spawnRuntime();
  const runtime: Runtime = {
    start(request) {
      commands.push(request.command);
      return start({ ...request, command: [fileURLToPath(PLUGIN)] });
    },
  };
  await argvOf({ command: PLUGIN, runtime });
  await argvOf({ command: [PLUGIN, "x"], runtime, interpreter: ["deno", "run"], execArgv: ["-A"] });
  const file = fileURLToPath(PLUGIN);
  expect(commands).toEqual([[file], ["deno", "run", "-A", file, "x"]]);
  expect(() => NewClient({ command: PLUGIN, runtime, execArgv: [] })).toThrow(
    "Cannot create a client: execArgv is for an interpreter, which a runtime chooses by itself: give the interpreter as well",
  );
});

async function hostSays(nodeArgs: readonly string[], plugin: string, options: object = {}): Promise<unknown> {
  const host = fileURLToPath(new URL("../../fixtures/hosts/loads-into-plugins.mjs", import.meta.url));
  const args = [...nodeArgs, host, plugin, JSON.stringify(options)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: dirname(host) });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("[O25] what a host was told of loading holds for its plugins, in another directory, too; execArgv: [] ends that", async () => {
  const args = ["--conditions=x", "--import", "./../plugins/../hosts/starts-nothing.mjs", "--expose-gc"];
  const module = new URL("../../fixtures/hosts/starts-nothing.mjs", import.meta.url).href;
  expect(await hostSays(args, PLUGIN.href, { cwd: dir })).toEqual(["--conditions", "x", "--import", module]);
  expect(await hostSays(args, PLUGIN.href, { execArgv: [] })).toEqual([]);
});

test("[O25] a plugin in TypeScript runs where this Node.js runs it, and else the error says what to do", async () => {
  const command = fixture("typed.mts");
  const runs = (process.features as { typescript?: unknown }).typescript;
  if (!runs) {
    const error = await startFailure(NewClient({ command, ...ANY }));
    expect(error.message).toContain(
      `: "${command}" is TypeScript, which this Node.js (${process.versions.node}) does not run\n  Name the `,
    );
    expect(error.reason).toBe("format");
    return;
  }
  await using client = NewClient({ command, ...ANY });
  expect(await (await client.dispense(typed)).double(21)).toBe(42);
});

const tsx = findTool("tsx", ["tsx/dist/loader.mjs"]);
test.skipIf(tsx.lack !== undefined)("[O25] a plugin in TypeScript runs by tsx", async () => {
  const env = { TSX_DISABLE_CACHE: "1" };
  await using client = NewClient({ command: fixture("typed.mts"), execArgv: ["--import", pathToFileURL(tsx.file).href], env, ...ANY });
  expect(await (await client.dispense(typed)).double(21)).toBe(42);
});

test("[F17] a chain of hosts that start themselves ends at the ninth, and the sentence says why", { timeout: 120_000 }, async () => {
  const host = fileURLToPath(new URL("../../fixtures/hosts/starts-itself.mjs", import.meta.url));
  const log = join(dir, "started");
  const { stderr } = await promisify(execFile)(process.execPath, [host], { env: { ...process.env, STARTED: log } }).then(
    () => expect.fail("it started"),
    (error: { stderr: string }) => error,
  );
  expect(readFileSync(log, "utf8")).toBe("started\n".repeat(9));
  expect(stderr).toContain("it exited with code 1 before announcing an address");
  const { stderr: innermost } = await promisify(execFile)(process.execPath, [host], { env: { ...process.env, PLUGIN_DEPTH: "8" } }).then(
    () => expect.fail("it started"),
    (error: { stderr: string }) => error,
  );
  expect(innermost).toContain(
    "8 hosts stand above this program, each of them the plugin of the one before: one seems to start itself\\n" +
      "  Look at what each command runs: an application that has Node.js in it runs itself, and no script (see interpreter).",
  );
});
