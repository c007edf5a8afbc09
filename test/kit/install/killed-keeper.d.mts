import type { Host, HostOptions } from "../../../src/host/index.js";

/** Kills programs that keep things at random points, and holds what is kept against what was acknowledged. */
export declare class KilledKeeper {
  /** How many things were acknowledged. */
  readonly steps: number;
  /** @param packages Directories of the package "sample", of versions 1.0.0 and 2.0.0. */
  constructor(hostClass: new (options: HostOptions) => Host, dataDir: string, packages: readonly [string, string]);
  /**
   * Runs a program, kills it after so many lines and milliseconds, and looks at what is kept.
   * @throws {AssertionError} Something that was acknowledged is not there, or something is there in part.
   */
  kill(seed: number, afterLines: number, afterMs: number): Promise<void>;
}
