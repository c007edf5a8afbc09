import { expect, test } from "vitest";
import { greeter } from "../../../examples/plugins/greeter/greeter.js";
import { core } from "../../../src/host/index.js";
import { collect, defineContract, method } from "../../../src/index.js";
import { fixture, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { hostWith, SUPERVISED } from "../../kit/host-modes.js";
import { examplePlugin, lacks } from "../../kit/languages.js";

gate();
const skip = lacks("python3");
const check = skip === undefined ? test : test.skip;
const python = defineContract("python", { heard: method<void, [unknown, string][]>(), exit: method<number, void>() });

check(
  "[S17, T25] the example plugin in Python is supervised as any other: called, killed and restarted under the same handle",
  async () => {
    const { host } = hostWith([
      await SUPERVISED.spec("python", { command: examplePlugin("python-greeter/plugin.py"), restart: { initialMs: 10, jitter: 0 } }),
    ]);
    await host.ready();
    const session = host.getSession("python");
    const { greet } = await session.dispense(greeter);
    expect(await greet({ name: "host" })).toBe("Hello, host!");
    process.kill(session.supervised?.pid as number, "SIGKILL");
    await expect.poll(() => session.restarts).toBe(1);
    expect(await greet({ name: "again" }, { waitReadyMs: 60_000 })).toBe("Hello, again!");
    await host.close();
  },
);

check("[T11, T14, T25, T33] a plugin in Python hears, answers, joins, vetoes and fails on the bus as one in Node.js does", async () => {
  const { host } = hostWith([await SUPERVISED.spec("python", { command: fixture("on-the-bus.py") }), await SUPERVISED.spec("node")]);
  const failures: unknown[] = [];
  host.dispense(core).on("core.error", ({ pluginId, topic, message }) => void failures.push([pluginId, topic, message]));
  await host.ready();
  const { heard, exit } = await host.getSession("python").dispense(python);
  const replies = await host.bus.run("ask", { q: 1 }, { strategy: collect });
  expect(replies.map((reply) => [reply.pluginId, reply.ok && reply.value]).sort()).toEqual([
    ["node", { by: "suite", input: { q: 1 }, source: "host" }],
    ["python", { by: "python", input: { q: 1 }, source: "host" }],
  ]);
  expect(await host.bus.pipe("pass", { n: 1 })).toEqual({ n: 1, by: ["python", "suite"] });
  expect(await host.bus.pipe("pass", { unchanged: true })).toEqual({ unchanged: true });
  expect(await rejection(host.bus.pipe("pass", { veto: "no" }))).toMatchObject({ code: "VETOED", pluginId: "python", reason: "no" });
  await host.bus.emit("told", "fail");
  await host.bus.emit("told", { n: 2 });
  await expect.poll(heard).toEqual([[{ n: 2 }, "host"]]);
  await expect.poll(() => failures).toEqual([["python", "suite/told", "this listener is broken"]]);
  expect(await rejection(exit(3))).toMatchObject({ code: "CONNECTION_LOST", message: expect.stringContaining("exited with code 3") });
  await host.close();
});
