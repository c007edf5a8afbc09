import type { Meta } from "../wire/messages.js";

/** How the trace that a call belongs to crosses: made by the rooms above, where the application traces. */
export interface Tracing {
  /** The active trace, as it is written beside a call. Undefined if there is none. */
  active(): Pick<Meta, "traceparent" | "tracestate"> | undefined;
  /** Runs something in the trace that stood beside a call, and outside of any if there was none. */
  within<T>(meta: Meta | undefined, run: () => T): T;
}
