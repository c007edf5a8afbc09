import { context, ROOT_CONTEXT, type TraceState, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { afterEach, expect, test } from "vitest";
import { loadTracing, parseTraceparent } from "../../src/handshake/trace-context.js";

afterEach(() => context.disable());
const [TRACE, SPAN] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];

test("a program that has registered nothing with @opentelemetry/api carries no traces, until it has", async () => {
  expect(await loadTracing()).toBeUndefined();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracing = await loadTracing();
  expect(tracing).toBeDefined();
  expect(await loadTracing()).toBe(tracing);
  expect(tracing?.active()).toBeUndefined();
});

test("a trace is written as it was read, with its flags and its state", async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracing = await loadTracing();
  for (const meta of [
    { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "vendor=a,other=b" },
    { traceparent: `00-${TRACE}-${SPAN}-00` },
  ]) {
    expect(tracing?.within(meta, () => tracing.active())).toEqual(meta);
  }
});

test.each([
  ["is no text", 5],
  ["is too long", "a=".padEnd(513, "x")],
])("a trace state that %s is left out, and the trace goes on", async (_what, tracestate) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracing = await loadTracing();
  const traceparent = `00-${TRACE}-${SPAN}-01`;
  expect(tracing?.within({ traceparent, tracestate: tracestate as string }, () => tracing.active())).toEqual({ traceparent });
});

test("a span that throws when it is looked at costs the call its trace alone", async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracing = await loadTracing();
  const serialize = (): string => {
    throw new Error("no");
  };
  const span = { traceId: TRACE, spanId: SPAN, traceFlags: 1, traceState: { serialize } as unknown as TraceState };
  expect(context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => tracing?.active())).toBeUndefined();
});

test("a traceparent of a later version is read as far as this one goes", () => {
  expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-more`)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
});

test.each([
  ["nothing", undefined],
  ["no text", { traceparent: 1 }],
  ["too short", `00-${TRACE}-${SPAN}`],
  ["too long", `00-${TRACE}-${SPAN}-01-more`],
  ["in capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ["of a version that is none", `ff-${TRACE}-${SPAN}-01`],
  ["without a trace", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["without a span", `00-${TRACE}-${"0".repeat(16)}-01`],
])("a traceparent that is %s is none", (_what, value) => {
  expect(parseTraceparent(value)).toBeUndefined();
});
