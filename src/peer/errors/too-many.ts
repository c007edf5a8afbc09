import type { ResolvedLimits } from "../../wire/limits.js";

/** There is as much of something on a connection as there may be. The message is the end of a sentence. */
export class TooMany extends Error {
  /** @param what As in `streams are read`. */
  constructor(limit: "maxOpenStreams" | "maxLentFunctions", limits: ResolvedLimits, what: string) {
    super(`${limits[limit]} ${what} already (limits.${limit})`);
  }
}
