import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { lacksOpenssl } from "../kit/certificates.js";
import { gate } from "../kit/gate.js";
import { examplePlugin, lacks } from "../kit/languages.js";

gate();

const PRINTED: Readonly<Record<string, string>> = {
  greeter: "Hello, world!\n",
  countdown: "3 2 1 Lift-off!\nHeld at zero\nCalled off\n",
  kv: [
    "bytes Uint8Array(3) [ 0, 127, 255 ]",
    "loaded 3",
    "colour/amber colour/blue colour/coral",
    "colour/coral is coral",
    "colour/cyan is #00ffff",
    "colour/coral is gone\n",
  ].join("\n"),
  thumbnailer: "8 x 4: 0 0 0 0 255 255 255 255\n25% 50% 75% 100%\nHalf is enough\nRefused a text\n",
};

test("each example that has a host is run by this file", () => {
  const folders = readdirSync(examplePlugin("")).filter((name) => readdirSync(examplePlugin(name)).includes("host.ts"));
  expect(folders.sort()).toEqual(Object.keys(PRINTED).sort());
});

for (const [name, printed] of Object.entries(PRINTED)) {
  test(`the example "${name}" prints what it shows, exits 0 and leaves no process`, async () => {
    const host = examplePlugin(`${name}/host.js`);
    expect(await run([process.execPath, host], { cwd: dirname(host) })).toEqual({
      exitCode: 0,
      stdout: printed,
      stderr: expect.stringMatching(/^(\[[^\]\n]+\] .*\n)*$/),
    });
  });

  test(`[O3, F43] the plugin of "${name}", run by hand, explains itself on stderr alone and exits 1`, async () => {
    const { exitCode, stdout, stderr } = await run([process.execPath, examplePlugin(`${name}/plugin.js`)]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toBe("This is a plugin: it is started by another program and does nothing on its own.\n");
  });
}

test("[O6, O19, O20] the example host calls each plugin, whatever it is written in, exits 0 and leaves nothing", async () => {
  const { exitCode, stdout, stderr } = await run([process.execPath, examplePlugin("../host.js")]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n")).toEqual([
    "countdown       3 2 1 Lift-off!",
    "greeter         Hello, world!",
    "kv              holds one and two",
    "thumbnailer     2 x 2 pixels, 2 reports",
    ...shown("python-greeter", "python3"),
    ...shown("go-greeter", "go"),
    "",
  ]);
}, 300_000);

test("the example host leaves out what this machine cannot run, and says so", async () => {
  // A PATH with nothing on it: plugins in Node are run by the Node that the host runs on.
  const { exitCode, stdout, stderr } = await run([process.execPath, examplePlugin("../host.js")], { env: { PATH: "/nonexistent" } });
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").slice(4)).toEqual([
    "python-greeter  left out: there is no python3 on PATH",
    "go-greeter      left out: there is no go on PATH",
    "",
  ]);
});

const CONNECTORS: Readonly<Record<string, string>> = {
  echo: ['{"snot":"badger"}', '["several","lines"]', '"or one"', '{"exit":true}', "out.json holds 4 lines"].join("\necho            "),
  pipes: "2\npipes           4\npipes           6",
};

test("each example of connectors is run by this file", () => {
  const files = readdirSync(examplePlugin("../connectors")).filter((name) => name.endsWith(".ts"));
  expect(files.sort()).toEqual(Object.keys(CONNECTORS).map((name) => `${name}.ts`));
});

for (const [name, printed] of Object.entries(CONNECTORS)) {
  test.skipIf(lacksOpenssl())(`[R19] the connectors of "${name}" print what they show, exit 0 and leave nothing`, async () => {
    // Any port that is free: that of the configuration may be somebody else's.
    const port = String(await freePort());
    const { exitCode, stdout, stderr } = await run([process.execPath, examplePlugin(`../connectors/${name}.js`), port]);
    expect([exitCode, stderr, stdout]).toEqual([0, "", `${name.padEnd(16)}${printed}\n`]);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the example of a host shows an event, an action, a veto, and a crash that is mended", async () => {
  const { exitCode, stdout, stderr } = await run([process.execPath, examplePlugin("../host/host.js")]);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('[archive] error: Plugin ended: plugin "archive" exited with code 1: Error: The shelf broke');
  const python = lacks("python3") === undefined;
  expect(stdout.split("\n")).toEqual([
    `active          archive, spelling, shouting${python ? ", style" : ""}`,
    "review          spelling, 1 words to correct",
    ...(python ? ['review          style, "turns" is a long word'] : []),
    "published       THE TIDE, from host",
    "vetoed          spelling, a post needs a title",
    "archive         THE TIDE",
    'crash           Lost the answer to "archive.crash": plugin "archive" exited with code 1: Error: The shelf broke; the call may have run',
    "archive         restarting in 50 ms",
    "archive         starting",
    "archive         active",
    "archive         again",
    "",
  ]);
});

function shown(name: string, program: "python3" | "go"): string[] {
  if (lacks(program) !== undefined) return [`${name.padEnd(16)}left out: there is no ${program} on PATH`];
  return [`${name.padEnd(16)}Hello, world!`, `${name.padEnd(16)}3 2 1 Lift-off!`];
}

async function run(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { exitCode, stdout, stderr };
}
