import { PluginError } from "../../errors.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { Heartbeat } from "../../peer/heartbeat.js";
import type { Peer } from "../../peer/peer.js";
import { vitalsOf } from "../../peer/vitals.js";
import type { Clock } from "../../util/clock.js";
import { within } from "../../util/within.js";
import { SHUTDOWN } from "../../wire/messages.js";
import type { LiveUnit } from "../supervised/live-unit.js";

/** How its connection is watched: as that of a plugin that a host started. */
const HEARTBEAT = { intervalMs: 10_000, timeoutMs: 5_000 };
const FAREWELL_MS = 2_000;

/** A plugin that somebody else runs, for as long as it is connected. */
export class ExternalUnit implements LiveUnit {
  readonly connection: PeerConnection;
  readonly closed: Promise<CloseReason>;
  readonly pid = undefined;
  readonly #clock: Clock;

  constructor(connection: PeerConnection, id: string, clock: Clock) {
    this.connection = connection;
    this.closed = connection.closed;
    this.#clock = clock;
    const heartbeat = new Heartbeat(vitalsOf(connection), {
      ...HEARTBEAT,
      clock,
      onStall: () => {},
      onFrozen: (ms) => {
        const sentence = `plugin "${id}" did not answer a ping in ${Math.round(ms)} ms: it hangs, or its machine is gone`;
        void this.peer.close({ kind: "lost", error: new PluginError("CONNECTION_LOST", sentence) }, 1001, "no answer to a ping");
      },
    });
    void this.closed.then(() => heartbeat.stop());
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  /** Bids it farewell, and ends the connection. It may come back. */
  async stop(): Promise<void> {
    await this.#farewell(FAREWELL_MS);
  }

  async drain(timeoutMs: number): Promise<void> {
    await this.#farewell(timeoutMs);
  }

  /** Ends the connection, for a reason that tells the plugin whether to come back. */
  async end(code: number, text: string): Promise<void> {
    await this.peer.close(undefined, code, text);
  }

  async #farewell(graceMs: number): Promise<void> {
    if (this.peer.open) {
      const answered = this.peer.call(SHUTDOWN, { graceMs }, { timeoutMs: Number.POSITIVE_INFINITY });
      this.peer.leave("its plugin is being stopped");
      // It may not answer, or be gone before: it has been told.
      await within(answered, graceMs, this.#clock, () => new Error("too late")).catch(() => {});
    }
    await this.end(1001, "the host is done with it");
  }
}
