import type { Moves } from "../../util/state.js";

/** What is so, whatever is wanted. `connecting`: an external plugin that is awaited, and is not there. */
export type SessionState = "inactive" | "starting" | "connecting" | "active" | "stopping" | "restarting" | "errored";

/** The states of a plugin that runs here, as a process or inline. */
export type SupervisedState = Exclude<SessionState, "connecting">;

export const SUPERVISED_MOVES: Moves<SupervisedState> = {
  inactive: ["starting"],
  starting: ["active", "restarting", "errored", "stopping"],
  active: ["restarting", "starting", "errored", "stopping"],
  restarting: ["starting", "errored", "stopping"],
  errored: ["starting", "stopping"],
  stopping: ["inactive"],
};
