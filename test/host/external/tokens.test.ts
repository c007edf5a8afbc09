import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../../../src/handshake/token.js";
import { TopicBus } from "../../../src/host/bus/topic-bus.js";
import { Door } from "../../../src/host/external/door.js";
import { readListen } from "../../../src/host/external/listen-options.js";
import { resolveHostOptions } from "../../../src/host/options/host-options.js";
import { Plugins } from "../../../src/host/plugins.js";
import { systemClock } from "../../../src/util/clock.js";
import { resolveLimits } from "../../../src/wire/limits.js";
import { memoryLogger } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawDialler } from "../../kit/raw/raw-dialler.js";

gate();

// A store of tokens, as one that keeps them on disk will be asked.
const kept = new Map<string, string>();
let broken: Error | undefined;
const tokens = {
  async digestOf(id: string) {
    if (broken !== undefined) throw broken;
    return kept.get(id);
  },
};
const logger = memoryLogger();
let plugins: Plugins;
let door: Door;
let url: string;

beforeEach(async () => {
  broken = undefined;
  kept.clear();
  const options = resolveHostOptions({ plugins: [{ id: "weather", mode: "external", token: "of the spec" }], logger });
  plugins = new Plugins({ options, bus: new TopicBus(), clock: systemClock, onChange: () => {} });
  for (const spec of options.plugins) plugins.add(spec);
  await plugins.activate("weather");
  const from = { attempt: "Cannot create a host", prefix: "", values: { listen: { port: 0 } } };
  const listen = readListen(from) as Exclude<ReturnType<typeof readListen>, false>;
  const shared = { clock: systemClock, logger, callTimeoutMs: 1_000, limits: resolveLimits({ ...from, values: {} }), app: undefined };
  door = new Door({ ...shared, listen, externals: plugins.externals, tokens });
  url = await door.open();
});
afterEach(async () => {
  await plugins.close();
  await door.close();
});

async function answerTo(token: string): Promise<number | "taken in"> {
  const { dialler, answer } = await RawDialler.register(url, { id: "weather", token });
  if (answer["error"] !== undefined) {
    await dialler.closed;
    return answer["error"].code;
  }
  await dialler.close();
  return "taken in";
}

test("[S21, S44] the store's token comes before the spec's, by its digest alone; cycled, the old one is refused and the new one taken", async () => {
  expect(await answerTo("of the spec")).toBe("taken in");
  kept.set("weather", digestOf("first"));
  expect([await answerTo("of the spec"), await answerTo("first")]).toEqual([-32001, "taken in"]);
  kept.set("weather", digestOf("second"));
  expect([await answerTo("first"), await answerTo("second")]).toEqual([-32001, "taken in"]);
});

test("[F84] a token that is revoked ends the connection at once, with 1008", async () => {
  kept.set("weather", digestOf("first"));
  const dialler = await RawDialler.ready(url, { id: "weather", token: "first" });
  await expect.poll(() => plugins.get("weather")?.reportedState).toBe("active");
  kept.set("weather", digestOf("second"));
  await plugins.externals.find("weather")?.seat.disconnect(1008, "its token was replaced");
  expect(await dialler.closed).toEqual([1008, "its token was replaced"]);
  await expect.poll(() => plugins.get("weather")?.reportedState).toBe("connecting");
});

test("a store that fails is a fault of the host's own: -32603, then 1011, and the text is in the log alone", async () => {
  broken = new Error("no such disk");
  const { dialler, answer } = await RawDialler.register(url, { id: "weather", token: "first" });
  expect(answer["error"]).toEqual({ code: -32603, message: "The host failed; its log says how" });
  expect((await dialler.closed)[0]).toBe(1011);
  expect(JSON.stringify(logger.records.map(({ fields }) => String((fields as { error?: unknown } | undefined)?.error)))).toContain(
    "no such disk",
  );
});
