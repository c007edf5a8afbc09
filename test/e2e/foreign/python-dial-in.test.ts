import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Host } from "../../../src/host/index.js";
import { action, defineContract, defineTopics, event, implement, method } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { examplePlugin, pythonWithWebsockets } from "../../kit/languages.js";

gate();

const weather = defineContract("weather", { forecast: method<{ place: string }, { place: string; text: string; at: number }>() });
const clock = defineContract("clock", { now: method<void, number>() });
const topics = defineTopics("weather", {
  storm: event<{ place: string }>(),
  warned: event<{ of: string }>(),
  unit: action<void, string>(),
});
const python = pythonWithWebsockets();

// Its whole code is its own and that of Python's websockets: nothing of ours is at that end.
describe.skipIf("lacking" in python)("the example plugin in Python that dials in", () => {
  let host: Host<typeof topics>;
  let url: string;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    host = new Host({
      topics,
      listen: { port: 0 },
      plugins: [{ id: "python-weather", mode: "external", token: "open sesame", options: { unit: "K" } }],
      provides: [implement(clock, { now: () => 12 })],
    });
    url = (await host.ready()).url as string;
  });
  afterEach(async () => {
    await host.close();
    for (const each of started.splice(0)) if (each.exitCode === null && each.kill("SIGKILL")) await once(each, "exit");
  });

  function start(env: Record<string, string> = {}): ChildProcess {
    const child = spawn((python as { command: string }).command, [examplePlugin("python-weather/plugin.py")], {
      env: { PATH: process.env["PATH"], HOST_URL: url, WEATHER_TOKEN: "open sesame", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    started.push(child);
    return child;
  }

  test("[O19, T11, T12, T13, T14, S7, S8] provides, hears, answers, emits and calls its host", async () => {
    start();
    const session = host.getSession("python-weather");
    await expect.poll(() => session.reportedState).toBe("active");
    const { forecast } = await session.dispense(weather);
    expect(await forecast({ place: "here" })).toEqual({ place: "here", text: "21 K", at: 12 });
    expect(await rejection(forecast({ place: "nowhere" }))).toMatchObject({
      code: "REMOTE_ERROR",
      message: "there is no weather nowhere",
      remoteName: "LookupError",
    });
    const warned: unknown[] = [];
    host.bus.on("warned", (value, { source }) => void warned.push([value, source]));
    await host.bus.emit("storm", { place: "there" });
    await expect.poll(() => warned).toEqual([[{ of: "there" }, "python-weather"]]);
    expect(await host.bus.run("unit")).toBe("K");
    await session.configure({ unit: "°F" });
    expect(await host.bus.run("unit")).toBe("°F");
  });

  test("[S14, S40] comes back once it is active again, and exits where it was unloaded", async () => {
    const child = start();
    const session = host.getSession("python-weather");
    await expect.poll(() => session.reportedState).toBe("active");
    await session.setActiveState("inactive");
    await session.setActiveState("active");
    await expect.poll(() => session.reportedState).toBe("active");
    await host.unload("python-weather");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("[T5] with a wrong token it is told so, and does not come back", async () => {
    const child = start({ WEATHER_TOKEN: "wrong" });
    const [said] = await Promise.all([text(child.stderr as never), once(child, "exit")]);
    expect([said, child.exitCode]).toEqual(["Cannot register: the host does not know this plugin by this token\n", 1]);
  });
});
