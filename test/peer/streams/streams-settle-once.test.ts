import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { recordsOf } from "../../kit/options.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

interface Given {
  readonly ask: (question: string) => unknown;
  readonly items: AsyncIterable<number>;
}
const theirs = defineContract("theirs", { work: method<Given, unknown>(), watch: stream<Given, unknown>() });
const ours = defineContract("ours", { work: method<Given, unknown>(), watch: stream<Given, unknown>() });
const provided = [{ name: "theirs", members: { work: { kind: "method" as const }, watch: { kind: "stream" as const } } }];

/** Counted back from the newest call, function or stream, so that steps meet; sometimes there is none. */
const which = fc.nat(4);
const steps = fc.array(
  fc.record({
    do: fc.constantFrom(
      ...(["call", "open", "request", "subscribe", "settle", "settle", "next", "next", "return", "abort", "advance"] as const),
      ...(["answer", "opened", "opened", "fail", "item", "item", "item", "end", "break", "invoke", "credit", "stop", "cancel"] as const),
    ),
    which,
  }),
  { minLength: 20, maxLength: 80, size: "max" },
);
const ending = fc.record({ do: fc.constantFrom("close" as const, "lose" as const, "flood" as const, "abort" as const), which });
type Step = { readonly do: string; readonly which: number };

/** A connection with everything on it that can be left unsettled. */
class Scene {
  readonly #scripted = scripted({ provided, limits: { maxPendingCalls: 8 } });
  readonly outcomes: ReturnType<typeof outcome>[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #reading: AsyncIterator<unknown>[] = [];
  #sources = { begun: 0, closed: 0 };
  #requests = 0;
  /** Streams of the other side's, both those that it lends and those that it opens. */
  #theirStreams = 0;

  constructor() {
    const work = async ({ ask, items }: Given): Promise<unknown> => {
      const { next } = { next: () => items[Symbol.asyncIterator]().next() };
      this.#see(ask("?") as Promise<unknown>);
      this.#see(next());
      return await next();
    };
    const { source } = this;
    const watch = async function* (given: Given): AsyncGenerator<unknown> {
      yield* source();
      yield await given.ask("?");
    };
    this.#scripted.connection.provide(recordsOf([implement(ours, { work, watch } as any)]));
  }

  /** Endless: only its reader ends it. */
  readonly source = async function* (this: Scene): AsyncGenerator<number> {
    this.#sources.begun++;
    try {
      for (let item = 0; ; item++) {
        yield item;
        if (item % 8 === 0) await settled();
      }
    } finally {
      this.#sources.closed++;
    }
  }.bind(this);

  take(one: Step): void {
    const { connection, channel, clock } = this.#scripted;
    const ask = (question: string): string => `${question}!`;
    if (one.do === "call" || one.do === "open") {
      const controller = new AbortController();
      this.#controllers.push(controller);
      const { work, watch } = connection.dispense(theirs);
      const options = { signal: controller.signal, timeoutMs: 50 };
      if (one.do === "call") this.#see(work({ ask, items: this.source() }, options));
      else this.#reading.push(watch({ ask, items: this.source() }, options)[Symbol.asyncIterator]());
    } else if (one.do === "next") this.#see(this.#reading.at(-1 - one.which)?.next());
    else if (one.do === "return") this.#see(this.#reading.at(-1 - one.which)?.return?.());
    else if (one.do === "abort") this.#controllers.at(-1 - one.which)?.abort(new Error("aborted"));
    else if (one.do === "advance") clock.advance(10 * one.which);
    else if (one.do === "close") void connection.close();
    else if (channel.ended) return;
    else if (one.do === "lose") channel.end(undefined, one.which);
    else if (one.do !== "settle") this.#say(one);
  }

  /** Something that the other side may say at any time, or may not. */
  #say({ do: what, which: number }: Step): void {
    const { channel } = this.#scripted;
    const note = (method: string, params: object): void => channel.say({ jsonrpc: "2.0", method: `rpc.${method}`, params });
    const request = (method: string, params: object, refs?: object): void => {
      channel.say({ jsonrpc: "2.0", id: `r${this.#requests++}`, method, params, ...(refs && { refs }) });
    };
    const { calls, functions, streams } = this.#sent();
    const call = calls.at(-1 - number) ?? 10_000;
    const stream = this.#theirStreams - 1 - number;
    if (what === "answer") channel.answer(call, "answer");
    else if (what === "opened") channel.answer(call, { stream: this.#theirStreams++ });
    else if (what === "fail") channel.fail(call, { code: -32000, message: "failed" });
    else if (what === "item") note("item", { stream, items: [1, 2, 3] });
    else if (what === "flood") note("item", { stream, items: Array(1_000).fill(1) });
    else if (what === "end") note("end", { stream });
    else if (what === "break") note("end", { stream, error: { code: -32000, message: "failed" } });
    else if (what === "invoke") request("rpc.invoke", { function: functions.at(-1 - number) ?? 0, args: ["?"] });
    else if (what === "credit") note("credit", { stream: streams.at(-1 - number), items: 10, bytes: 1_000 });
    else if (what === "stop") note("cancel", { stream: streams.at(-1 - number) });
    else if (what === "cancel") note("cancel", { id: `r${this.#requests - 1 - number}` });
    else {
      const refs = { "/ask": { function: number }, "/items": { stream: this.#theirStreams++ } };
      request(what === "request" ? "ours.work" : "ours.watch", { ask: null, items: null }, refs);
    }
  }

  /** Numbers that our side has made known to the other. */
  #sent(): Record<"calls" | "functions" | "streams", number[]> {
    const messages = this.#scripted.channel.sent.map((text) => JSON.parse(text));
    const refs = messages.flatMap((message) => Object.values<Record<string, number>>(message.refs ?? {}));
    return {
      calls: messages.flatMap(({ id, method }) => (typeof id === "number" && method !== undefined ? [id] : [])),
      functions: refs.flatMap((ref) => ref["function"] ?? []),
      streams: [...refs, ...messages.map(({ result }) => result ?? {})].flatMap((ref) => ref["stream"] ?? []),
    };
  }

  #see(promise: PromiseLike<unknown> | undefined): void {
    if (promise !== undefined) this.outcomes.push(outcome(Promise.resolve(promise)));
  }

  /** Ends the connection, and says what is left. */
  async finish(): Promise<object> {
    const { connection, channel, clock } = this.#scripted;
    if (!channel.ended) channel.end();
    await connection.closed;
    clock.advance(0);
    for (let turn = 0; turn < 4; turn++) await settled();
    // A stream that nobody has begun to read is not open.
    const { peer } = connection;
    const answered = channel.take().flatMap(({ id, method }) => (method === undefined && id !== null ? [id] : []));
    return {
      settledOnce: this.outcomes.every(({ times }) => times === 1),
      answeredOnce: new Set(answered).size === answered.length,
      sourcesLeft: this.#sources.begun - this.#sources.closed,
      left: [peer.pending, peer.running, peer.openStreams, peer.lentFunctions, clock.timers],
      listeners: this.#controllers.reduce((sum, { signal }) => sum + getEventListeners(signal, "abort").length, 0),
    };
  }
}

test("[P1] whatever happens in whatever order, every call, item and callback settles exactly once, every source is closed, and nothing is left", async () => {
  const run = async (script: readonly Step[], last: Step): Promise<void> => {
    const scene = new Scene();
    for (const one of [...script, last]) {
      scene.take(one);
      if (one.do === "settle") await settled();
    }
    expect(await scene.finish()).toEqual({ settledOnce: true, answeredOnce: true, sourcesLeft: 0, left: [0, 0, 0, 0, 0], listeners: 0 });
  };
  await fc.assert(fc.asyncProperty(steps, ending, run), { numRuns: 400 });
});
