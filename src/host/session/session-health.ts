import type { Health } from "./health-watch.js";

/** How a plugin is, as far as the host knows. */
export interface SessionHealth extends Health {
  /** Calls that were not answered in time, since it was started: it may be alive, and of no use. */
  readonly callsTimedOut: number;
}
