import { context, createTraceState, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Client, defineContract, implement, method, notification, stream } from "../../../src/index.js";
import { startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const tracer = new BasicTracerProvider().getTracer("test");
beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

type Trace = { traceId: string; spanId: string; traceFlags: number; isRemote: boolean; traceState: string | null } | null;
const traces = defineContract("traces", {
  now: method<void, Trace>(),
  later: method<void, Trace>(),
  note: notification(),
  noted: method<void, Trace>(),
  each: stream<void, Trace>(),
  callback: method<{ call: () => Trace }, Trace>(),
  back: method<void, Trace>(),
});
const here = (): Trace => {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? null : { ...span, isRemote: span.isRemote === true, traceState: span.traceState?.serialize() ?? null };
};
const heard = implement(defineContract("heard", { trace: method<void, Trace>() }), { trace: here });

let client: Client | undefined;
afterEach(async () => void (await client?.kill()));

async function start(...args: string[]) {
  client = await startFixture("traces", { provides: [heard], args });
  return client.dispense(traces);
}
/** What arrives of a span. */
const remote = ({ traceId, spanId, traceFlags }: SpanContext): Trace => ({ traceId, spanId, traceFlags, isRemote: true, traceState: null });

/** Runs work in a new span. */
function inSpan<T>(work: () => T): { readonly span: SpanContext; readonly result: T } {
  const span = tracer.startSpan("work", { root: true });
  const result = context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  span.end();
  return { span: span.spanContext(), result };
}

test("a handler runs in the trace of its caller, whatever kind it is and however long it takes", async () => {
  const remotes = await start();
  for (const name of ["now", "later"] as const) {
    const { span, result } = inSpan(remotes[name]);
    expect(await result).toEqual(remote(span));
  }
  const note = inSpan(remotes.note);
  await note.result;
  expect(await remotes.noted()).toEqual(remote(note.span));
  const { span, result } = inSpan(async () => {
    const items: Trace[] = [];
    for await (const item of remotes.each()) items.push(item);
    return items;
  });
  expect(await result).toEqual([remote(span), remote(span)]);
});

test("calls of two traces at once keep apart, and a call outside of a trace has none", async () => {
  const { later } = await start();
  const [one, other] = [inSpan(later), inSpan(later)];
  const none = later();
  expect(await Promise.all([one.result, other.result, none])).toEqual([remote(one.span), remote(other.span), null]);
});

test("a call back and a callback are of the trace that the plugin's handler ran in, and its state is handed on", async () => {
  const { back, callback } = await start();
  const traceState = createTraceState("vendor=a,other=b");
  const own = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1, traceState };
  const arrived = { ...remote(own), traceState: "vendor=a,other=b" };
  const within = <T>(work: () => T): T => context.with(trace.setSpanContext(ROOT_CONTEXT, own), work);
  expect(await within(back)).toEqual(arrived);
  expect(await within(() => callback({ call: here }))).toEqual(arrived);
});

test("a plugin that is started within a trace is not for ever in it", async () => {
  const { result } = inSpan(start);
  const { back, now } = await result;
  expect([await back(), await now()]).toEqual([null, null]);
});

test("a plugin that does not trace takes a call that carries a trace, and answers it", async () => {
  const { now, back } = await start("untraced");
  const { result } = inSpan(() => Promise.all([now(), back()]));
  expect(await result).toEqual([null, null]);
});
