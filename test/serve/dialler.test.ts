import { expect, test } from "vitest";
import { defineTopics, event } from "../../src/contract/index.js";
import { PluginError } from "../../src/errors.js";
import type { RegistrationRefused } from "../../src/handshake/registration-refused.js";
import { unfit } from "../../src/handshake/registration-refused.js";
import { takeIn } from "../../src/handshake/take-in.js";
import { digestOf } from "../../src/handshake/token.js";
import { PeerConnection } from "../../src/peer/connection.js";
import { type ConnectOptions, resolveConnectOptions } from "../../src/serve/connect/connect-options.js";
import { Dialler } from "../../src/serve/connect/dialler.js";
import { UpgradeRefused } from "../../src/transport/upgrade-refused.js";
import { systemClock } from "../../src/util/clock.js";
import type { Channel } from "../../src/wire/channel.js";
import { resolveLimits } from "../../src/wire/limits.js";
import { memoryChannels } from "../../src/wire/memory.js";
import { FakeClock } from "../kit/fake-clock.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";

const LIMITS = resolveLimits({ attempt: "", prefix: "", values: {} });
const news = defineTopics("news", { printed: event<number>() });

/** What a dial comes to: an error, or a host that takes the plugin in, or refuses it. */
type Answer = Error | "host" | RegistrationRefused;

/** A dialler before hosts of the test's own, on a clock that the test moves. */
function dialler(answers: Answer[], options: Partial<ConnectOptions> = {}) {
  const clock = new FakeClock();
  const logger = memoryLogger();
  const hosts: PeerConnection[] = [];
  const configured: unknown[] = [];
  let dials = 0;
  const resolved = resolveConnectOptions({
    url: "ws://127.0.0.1:1",
    id: "weather",
    token: "open sesame",
    configure: (config) => void configured.push(config),
    logger,
    ...options,
  });
  const dial = async (): Promise<Channel> => {
    const answer = answers[dials++] ?? "host";
    if (answer instanceof UpgradeRefused || (answer instanceof Error && !("closeCode" in answer))) throw answer;
    const [near, far] = memoryChannels({ clock: systemClock, stallTimeoutMs: 10_000 });
    hosts.push(hostBehind(far, answer));
    return near;
  };
  const dialling = new Dialler(resolved, { clock, tracing: undefined, random: () => 0.5, dial });
  return { dialling, clock, logger, hosts, configured, dials: () => dials };
}

function hostBehind(channel: Channel, answer: Answer): PeerConnection {
  const shared = { limits: LIMITS, clock: systemClock, logger: memoryLogger(), validate: true, callTimeoutMs: 1_000 };
  const host = new PeerConnection(channel, { ...shared, other: "the plugin" });
  const keeper = {
    lookUp: async () => ({ key: digestOf("open sesame"), apiVersions: [1] }),
    unauthorized: () => unfit("no"),
    fault: () => unfit("a fault"),
    async admit() {
      if (typeof answer !== "string") throw answer;
      return { provides: [], config: { n: 1 }, sessionId: "weather.1" };
    },
  };
  const options = { keeper, clock: systemClock, bearer: undefined, info: { name: "host" }, helloTimeoutMs: 5_000, readyTimeoutMs: 60_000 };
  takeIn(host, { ...options, onReady: () => {} }).catch(() => {});
  return host;
}

async function until(clock: FakeClock): Promise<void> {
  await expect.poll(() => clock.holding).toBe(1);
}

test("[S40] nobody listens, 503 with Retry-After, 429: each is waited out on the clock, and the first connection is what connect() gives", async () => {
  const refused = new UpgradeRefused(503, { "retry-after": "7" });
  const { dialling, clock, dials, logger, configured } = dialler([Object.assign(new Error("x"), { code: "ECONNREFUSED" }), refused]);
  const started = dialling.start();
  await until(clock);
  expect(dials()).toBe(1);
  clock.advance(249);
  expect(dials()).toBe(1);
  clock.advance(1);
  await expect.poll(dials).toBe(2);
  await until(clock);
  // 7 s, and in the middle of up to a fifth more.
  clock.advance(7_699);
  expect(dials()).toBe(2);
  clock.advance(1);
  await expect.poll(dials).toBe(3);
  const connection = await started;
  expect(configured).toEqual([{ n: 1 }]);
  expect(logger.text).toContain(
    'Cannot connect plugin "weather" to ws://127.0.0.1:1/: nobody listens there (ECONNREFUSED); it is dialled again in 250 ms',
  );
  expect(logger.text).toContain("it refused the WebSocket with 503 Service Unavailable; it is dialled again in 7700 ms");
  await connection.close();
  expect(await connection.ended).toMatchObject({ kind: "closed", by: "us" });
});

test("[S40] a status that means it, a certificate that is not trusted: connect() rejects, and does not dial again", async () => {
  const forbidden = dialler([new UpgradeRefused(403, {})]);
  expect(await rejection(forbidden.dialling.start())).toMatchObject({
    code: "UNAUTHORIZED",
    message: 'Cannot connect plugin "weather" to ws://127.0.0.1:1/: it refused the WebSocket with 403 Forbidden',
  });
  const untrusted = dialler([new PluginError("BAD_HANDSHAKE", "its certificate has expired")]);
  expect(await rejection(untrusted.dialling.start())).toMatchObject({
    code: "BAD_HANDSHAKE",
    message: 'Cannot connect plugin "weather" to ws://127.0.0.1:1/: its certificate has expired',
  });
  expect([forbidden.dials(), forbidden.clock.timers, untrusted.dials()]).toEqual([1, 0, 1]);
});

test("[S40] a cut is dialled again with the same handlers; the emitter lives on, and says NOT_SENT meanwhile", async () => {
  const { dialling, clock, hosts, configured } = dialler([]);
  const connection = await dialling.start();
  const bus = connection.emitter.dispense(news);
  const lost = rejection(connection.call("a.b"));
  await new Promise((resolve) => setImmediate(resolve));
  await hosts[0]?.peer.close();
  expect(await connection.closed).toMatchObject({ kind: "closed", by: "peer" });
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await rejection(bus.emit("printed", 1))).toMatchObject({
    code: "NOT_SENT",
    message: 'Cannot tell the host of "news/printed": no connection is open; it is dialled again',
  });
  await until(clock);
  clock.advance(250);
  await expect.poll(() => configured.length).toBe(2);
  await expect.poll(async () => (await rejection(bus.emit("printed", 1)))["code"]).not.toBe("NOT_SENT");
  await connection.close();
  expect(await rejection(bus.emit("printed", 1))).toMatchObject({ code: "NOT_SENT", message: expect.stringContaining("was closed") });
});

test("[S40] a signal ends it while it waits to dial again, and before it was taken in", async () => {
  const abort = new AbortController();
  const { dialling, clock } = dialler([new Error("no network")], { signal: abort.signal });
  const started = rejection(dialling.start());
  await until(clock);
  abort.abort(new Error("enough"));
  expect((await started).message).toBe("enough");
  await dialling.ended;
  expect(clock.timers).toBe(0);
  expect((await rejection(dialler([], { signal: abort.signal }).dialling.start())).message).toBe("enough");
});

test("[S40] redial: false gives up after the first try, maxAttempts after so many", async () => {
  const once = dialler([new Error("no network")], { redial: false });
  expect((await rejection(once.dialling.start())).message).toContain("no network");
  const twice = dialler([new Error("one"), new Error("two"), new Error("three")], { redial: { maxAttempts: 1 } });
  const failed = rejection(twice.dialling.start());
  await until(twice.clock);
  twice.clock.advance(250);
  expect((await failed).message).toContain("two");
  expect(twice.dials()).toBe(2);
});

test("a configure that throws is what connect() rejects with; one that says when is asked again then", async () => {
  const declined = dialler([], {
    configure: () => {
      throw new Error("no such unit");
    },
  });
  expect((await rejection(declined.dialling.start())).message).toBe("no such unit");
  let busy = true;
  const later = dialler([], {
    configure: () => {
      if (busy) throw Object.assign(new Error("busy"), { retryAfterMs: 1_000 });
    },
  });
  const started = later.dialling.start();
  await until(later.clock);
  busy = false;
  later.clock.advance(1_100);
  await (await started).close();
});

test("[P2] options that are wrong are refused at once, and no sentence holds the token", async () => {
  const token = "very secret";
  const wrong = (options: object): string => {
    try {
      resolveConnectOptions({ url: "ws://127.0.0.1:1", id: "weather", token, ...options } as ConnectOptions);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(wrong({ url: "http://x" })).toContain("url must be a URL as ws://127.0.0.1:51234");
  expect(wrong({ url: `ws://127.0.0.1/?token=${token}` })).toContain('its url has "token" in its query');
  expect(wrong({ url: `ws://me:${token}@127.0.0.1/` })).toContain("url must be");
  expect(wrong({ id: "../x" })).toContain('id is "../x"');
  expect(wrong({ url: "ws://plugins.example.org" })).toBe(
    "Cannot connect to a host: ws://plugins.example.org/ is another machine, and over ws: nothing protects what follows the token\n" +
      "  Use wss:, or allowInsecureToken: true where the network between the two is trusted.",
  );
  expect(wrong({ url: "ws://plugins.example.org", allowInsecureToken: true })).toBe("");
  expect(wrong({ url: "wss://plugins.example.org" })).toBe("");
  expect(wrong({ tls: { ca: "x" } })).toContain("tls is");
  const sentences = [
    wrong({ token: "" }),
    wrong({ token: token.repeat(1_000) }),
    wrong({ url: `ws://a/?token=${token}` }),
    wrong({ redial: 7 }),
  ];
  expect(sentences.every((sentence) => sentence !== "" && !sentence.includes(token))).toBe(true);
});
