import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { control, countdown } from "../../../examples/plugins/countdown/countdown.js";
import { greeter } from "../../../examples/plugins/greeter/greeter.js";
import { type Client, implement, NewClient } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { buildGoPlugin, examplePlugin, lacks } from "../../kit/languages.js";
import { goneWithin } from "../../kit/own-time.js";

gate();

let goPlugin = "";
const noGo = lacks("go");
beforeAll(() => {
  if (noGo === undefined) goPlugin = buildGoPlugin(mkdtempSync(join(tmpdir(), "go-")));
}, 300_000);

const LANGUAGES = [
  { language: "Python", command: () => examplePlugin("python-greeter/plugin.py"), skip: lacks("python3") },
  { language: "Go", command: () => goPlugin, skip: noGo },
] as const;

for (const { language, command, skip } of LANGUAGES) {
  const check = skip === undefined ? test : test.skip;
  describe(skip === undefined ? `a plugin in ${language}` : `a plugin in ${language} (left out: ${skip})`, () => {
    for (const transport of ["tcp", "unix"] as const) {
      check(`[O19, O31] dispense() gives a typed object whose calls run in a plugin in ${language}, over ${transport}`, async () => {
        const client = NewClient({ command: command(), transport });
        const { greet } = await client.dispense(greeter);
        expect(await greet({ name: "wörld" })).toBe("Hello, wörld!");
        const names = Array.from({ length: 500 }, (_, index) => `${index}`);
        expect(await Promise.all(names.map((name) => greet({ name })))).toEqual(names.map((name) => `Hello, ${name}!`));
        expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
      });

      check(`[O20, S42] a plugin in ${language} calls the host back while the host waits for it, over ${transport}`, async () => {
        const ticks: number[] = [];
        const client = counting(command(), transport, (left) => ticks.push(left));
        const { tempo, start } = await client.dispense(countdown);
        expect(await tempo({ everyMs: 1 })).toBe(null);
        expect(await start(3)).toBe("Lift-off!");
        expect(ticks).toEqual([3, 2, 1]);
        await client.kill();
      });

      check(`[F69] a call that is given up ends in a plugin in ${language} too, over ${transport}`, async () => {
        const controller = new AbortController();
        const ticks: number[] = [];
        const client = counting(command(), transport, (left) => {
          ticks.push(left);
          if (ticks.length === 2) controller.abort(new Error("Called off"));
        });
        const { tempo, start } = await client.dispense(countdown);
        await tempo({ everyMs: 20 });
        expect(await rejection(start(1_000_000, { signal: controller.signal }))).toBe(controller.signal.reason);
        // What still runs is waited for at the end: a count that went on would make this forced, or late.
        await tempo({ everyMs: 0 });
        expect(await client.kill()).toMatchObject({ kind: "killed", forced: false });
        expect(ticks.length).toBeLessThan(10);
      });
    }

    check(`[F70] what a plugin in ${language} throws, and what it refuses, arrives with its own text`, async () => {
      const client = NewClient({ command: command(), provides: [implement(control, { tick: () => {}, go: () => false })] });
      const { tempo, start } = await client.dispense(countdown);
      const { greet } = await client.dispense(greeter);
      await tempo({ everyMs: 0 });
      expect(await rejection(start(1))).toMatchObject({ code: "REMOTE_ERROR", message: expect.stringContaining("Control holds at zero") });
      expect(await rejection(greet({} as never))).toMatchObject({
        code: "INVALID_INPUT",
        issues: [{ message: "Expected a text", path: ["name"] }],
      });
      const connection = await client.client();
      expect(await rejection(connection.call("greeter.none"))).toMatchObject({ code: "NOT_PROVIDED" });
      await client.kill();
    });

    check(`[F65, O34] the calls to a plugin in ${language} that is killed reject at once`, async () => {
      const client = counting(command(), "tcp", () => process.kill(client.pid as number, "SIGKILL"));
      const { start } = await client.dispense(countdown);
      expect(await rejection(start(5))).toMatchObject({ code: "CONNECTION_LOST" });
      expect(await client.closed).toMatchObject({ kind: "exited", signal: "SIGKILL" });
    });

    for (const transport of ["tcp", "unix"] as const) {
      check(`[O34] a plugin in ${language} is gone within 1 s of its host's SIGKILL, its socket too, over ${transport}`, async () => {
        const temp = mkdtempSync(join(tmpdir(), "host-"));
        const { host, plugin } = await startHost(command(), transport, temp);
        host.kill("SIGKILL");
        await once(host, "close");
        await goneWithin(1_000, () => [plugin].filter(isAlive));
        const left = readdirSync(temp, { recursive: true, withFileTypes: true });
        expect(left.filter((entry) => entry.isSocket()).map(({ name }) => name)).toEqual([]);
        rmSync(temp, { recursive: true });
      });
    }
  });
}

function counting(command: string, transport: "tcp" | "unix", onTick: (left: number) => void): Client {
  return NewClient({ command, transport, provides: [implement(control, { tick: (left) => void onTick(left), go: () => true })] });
}

/** A host in a process of its own, with a plugin that counts. */
async function startHost(command: string, transport: string, temp: string): Promise<{ host: ChildProcess; plugin: number }> {
  const script = `
    import { NewClient } from "mortise";
    const client = NewClient({ command: process.argv[1], transport: process.argv[2] });
    const connection = await client.client();
    connection.call("countdown.start", 1000000).catch(() => {});
    await connection.ping();
    console.log(client.pid);`;
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const args = ["--input-type=module", "--eval", script, command, transport];
  const host = spawn(process.execPath, args, { cwd, env: { ...process.env, TMPDIR: temp }, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: host.stdout }), "line");
  return { host, plugin: Number(line) };
}
