import type { PluginError } from "../../errors.js";
import type { SessionState } from "./states.js";

/** A move of a session from one state to another. */
export type SessionChange = {
  readonly pluginId: string;
  /** Which process of several, from 0; absent where there is one, or where it is the session as a whole. */
  readonly instance?: number;
  /** Changes before this one that this reader was too slow for. @default none were left out */
  readonly leftOut?: number;
} & (
  | { readonly to: "restarting"; readonly attempt: number; readonly delayMs: number; readonly error: PluginError }
  | { readonly to: "errored"; readonly error: PluginError }
  | { readonly to: Exclude<SessionState, "restarting" | "errored"> }
);
