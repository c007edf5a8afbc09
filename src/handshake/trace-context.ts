import type { Tracing } from "../peer/tracing.js";
import { importOptional } from "../util/import-optional.js";

type Api = typeof import("@opentelemetry/api");

/** Under this name the package keeps what an application has registered with it; without that there is no trace to carry. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");
const MAX_STATE = 512;

let loading: Promise<Tracing | undefined> | undefined;

/**
 * Resolves with what carries W3C trace context, or undefined in a program that does not trace: where `@opentelemetry/api` is absent,
 * or nothing was registered with it. Loads the package once, and only then: it would cost every plugin's start.
 * @see https://www.w3.org/TR/trace-context/
 */
export function loadTracing(): Promise<Tracing | undefined> {
  if (!(REGISTERED in globalThis)) return Promise.resolve(undefined);
  loading ??= (importOptional("@opentelemetry/api") as Promise<Api>).then(makeTracing, () => undefined);
  return loading;
}

function makeTracing({ context, createTraceState, isSpanContextValid, ROOT_CONTEXT, trace }: Api): Tracing {
  return {
    active() {
      try {
        const span = trace.getSpanContext(context.active());
        if (span === undefined || !isSpanContextValid(span)) return undefined;
        const { traceId, spanId, traceFlags, traceState } = span;
        const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
        const tracestate = traceState?.serialize();
        return tracestate === undefined || tracestate === "" ? { traceparent } : { traceparent, tracestate };
      } catch {
        // Spans and their states may be of anybody's making, and a call is not to fail for one.
        return undefined;
      }
    },
    within(meta, run) {
      const parent = parseTraceparent(meta?.traceparent);
      if (parent === undefined) return context.with(ROOT_CONTEXT, run);
      const state = readState(meta?.tracestate);
      const span = { ...parent, isRemote: true, ...(state !== undefined && { traceState: createTraceState(state) }) };
      return context.with(trace.setSpanContext(ROOT_CONTEXT, span), run);
    },
  };
}

interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Reads a `traceparent`; undefined for one that is not well-formed. Later versions may be longer. */
export function parseTraceparent(value: unknown): Parent | undefined {
  const match = typeof value === "string" ? /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(value) : null;
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = match;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

// Passed on unread, as the specification wants it; no longer than that has everybody keep.
function readState(tracestate: unknown): string | undefined {
  return typeof tracestate === "string" && tracestate.length <= MAX_STATE ? tracestate : undefined;
}
