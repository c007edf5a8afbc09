import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { type Framing, frameOf, messagesIn, openTarget, readCorpus, turn } from "./frame-target.js";
import { mutateBytes, mutateMessage, pick, randomFrom } from "./fuzz-mutations.js";

gate();

/** More, and others, by the environment: MORTISE_FUZZ_FRAMES=5000000 MORTISE_FUZZ_SEED=7 npx vitest run test/wire/fuzz.test.ts */
const FRAMES = Number(process.env["MORTISE_FUZZ_FRAMES"] ?? 100_000);
const SEED = Number(process.env["MORTISE_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const FRAMES_PER_CONNECTION = 10;
const MAX_BLOCKED_MS = 200;
const MAX_GROWTH_BYTES = 16 * 1024 * 1024;

const corpus = readCorpus();

describe("each file of test/corpus has the effect that its name says", () => {
  test.each(corpus)("[F50, F52, F53, F54, F56] $name", async ({ name, framing, frames }) => {
    const target = await openTarget(framing);
    const rejected = target.peer.counters.orphanReplies;
    target.channel.feed(Buffer.concat(frames));
    await turn();
    const lives = target.peer.open && target.answersPing();
    const { reason, left } = await target.end();
    expect(name).toMatch(/^(lives|closes)-/);
    expect(lives).toBe(name.startsWith("lives-"));
    if (!lives) expect(reason).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
    expect(left).toEqual([0, 0, 0, 0]);
    expect(target.peer.counters.orphanReplies).toBeGreaterThanOrEqual(rejected);
  });
});

/** What came of the frames, and of the connections that they were sent on. */
interface Tally {
  frames: number;
  closed: number;
  lived: number;
  slowestMs: number;
}

const messages = corpus.filter(({ name }) => name.startsWith("lives-")).flatMap(messagesIn);

async function attack(framing: Framing, count: number, seed: number): Promise<Tally> {
  const random = randomFrom(seed);
  const frames = corpus.filter((file) => file.framing === framing).flatMap((file) => file.frames);
  const nextFrame = (): Buffer => {
    // Most are messages, so that a connection lives to see several of them.
    const how = random(10);
    if (how === 0) return mutateBytes(frames, random);
    const message = pick(messages, random);
    const raw = random(4) === 0 ? Buffer.alloc(random(8), 1) : undefined;
    return frameOf(framing, how < 4 ? message : mutateMessage(message, random), raw);
  };
  const tally: Tally = { frames: 0, closed: 0, lived: 0, slowestMs: 0 };
  while (tally.frames < count) {
    const target = await openTarget(framing);
    for (let round = 0; round < FRAMES_PER_CONNECTION && target.peer.open && tally.frames < count; round++) {
      const frame = nextFrame();
      const before = process.cpuUsage();
      target.channel.feed(frame);
      await turn();
      // Processor time: on a busy machine the clock on the wall runs on while others work.
      const { user, system } = process.cpuUsage(before);
      tally.slowestMs = Math.max(tally.slowestMs, (user + system) / 1_000);
      tally.frames++;
    }
    const open = target.peer.open;
    if (open && !target.channel.partial && !target.answersPing()) throw new Error("It is open and does not answer");
    const { reason, left } = await target.end();
    if (!open && !(reason.kind === "lost" && reason.error.code === "PROTOCOL_VIOLATION")) throw new Error(`It closed: ${reason.kind}`);
    if (left.some((number) => number > 0)) throw new Error(`It left calls, streams or functions behind: ${left}`);
    tally[open ? "lived" : "closed"]++;
  }
  return tally;
}

test.each(["lines", "packets"] as const)(
  "[F53, F54, F56] mutated frames in %s: nothing is thrown, each connection lives or closes with a violation, nothing blocks or grows",
  async (framing) => {
    const story = `MORTISE_FUZZ_SEED=${SEED}`;
    try {
      await attack(framing, FRAMES / 20, SEED);
      const usedBefore = usedBytes();
      const tally = await attack(framing, FRAMES / 2 - FRAMES / 20, SEED + 1);
      expect(tally.slowestMs, story).toBeLessThan(MAX_BLOCKED_MS);
      expect(usedBytes() - usedBefore, story).toBeLessThan(MAX_GROWTH_BYTES);
      expect(Math.min(tally.closed, tally.lived), story).toBeGreaterThan(0);
    } catch (cause) {
      throw new Error(`Failed with ${story}: ${(cause as Error).message}`, { cause });
    }
  },
  600_000,
);

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
