import { PluginError } from "../../errors.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import type { Clock } from "../../util/clock.js";
import { type Moves, moveState } from "../../util/state.js";
import { within } from "../../util/within.js";
import type { LiveUnit } from "../supervised/live-unit.js";
import { ExternalUnit } from "./external-unit.js";

/** The states of a plugin that somebody else runs. */
export type ExternalState = "inactive" | "connecting" | "active" | "stopping";

const MOVES: Moves<ExternalState> = {
  inactive: ["connecting"],
  connecting: ["active", "stopping"],
  active: ["connecting", "stopping"],
  stopping: ["inactive"],
};

export interface SeatOptions {
  readonly id: string;
  readonly clock: Clock;
  /** How long it is awaited: whoever waits for it waits no longer. */
  readonly patienceMs: number;
  onUnits(units: readonly ExternalUnit[]): void;
  onChange(change: { readonly to: ExternalState }): void;
  onEnd(unit: ExternalUnit, reason: CloseReason): void;
  /** It is awaited no longer. */
  onPatienceOver(): void;
}

/** Why a plugin cannot have its seat now. */
export type Taken = "inactive" | "connected";

// Within so long a plugin that is connected shows that it is still there, when another one wants its seat. Who dials waits for 5 s.
const STILL_THERE_MS = 2_500;

/** The one place of a plugin that dials in. Nobody is in it, or somebody who is being configured, or the plugin. */
export class Seat {
  readonly #options: SeatOptions;
  #state: ExternalState = "inactive";
  /** Whether it is wanted, as was asked last. */
  #wanted = false;
  #unit: ExternalUnit | undefined;
  /** Taken in, and not ready yet. */
  #candidate: PeerConnection | undefined;
  /** Unloaded: it is not to come back. */
  #dismissed = false;
  #stopWaiting: (() => void) | undefined;
  #error: PluginError | undefined;
  #stopped: Promise<void> = Promise.resolve();

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  get state(): ExternalState {
    return this.#state;
  }

  get units(): readonly ExternalUnit[] {
    return this.#unit === undefined ? [] : [this.#unit];
  }

  /** Somebody may wait for it. */
  get isSettling(): boolean {
    return this.state === "connecting" && this.#stopWaiting !== undefined;
  }

  /** Why it is not there, while it is awaited. */
  get error(): PluginError | undefined {
    return this.#error;
  }

  get restarts(): number {
    return 0;
  }

  /** From now on it may dial in. Resolves at once: when it comes is its own affair. */
  async activate(): Promise<void> {
    this.#wanted = true;
    if (this.state === "stopping") await this.#stopped;
    if (this.#wanted && this.state === "inactive") this.#await();
  }

  /** Ends its connection, if there is one. */
  async deactivate(): Promise<void> {
    this.#wanted = false;
    if (this.state === "connecting" || this.state === "active") {
      this.#move("stopping");
      this.#stopped = this.#leave();
    }
    await this.#stopped;
  }

  /** When it is next ended it is told not to come back. */
  dismiss(): void {
    this.#dismissed = true;
  }

  /** Ends the connection that there is, ready or not. */
  async disconnect(code: number, text: string): Promise<void> {
    await Promise.all([this.#unit?.end(code, text), this.#candidate?.peer.close(undefined, code, text)]);
  }

  fail(unit: LiveUnit, error: PluginError): void {
    void unit.peer.close({ kind: "lost", error }, 1001);
  }

  /** Keeps the seat for a plugin that has shown who it is; undefined if it has it, until its connection is over. */
  async reserve(connection: PeerConnection): Promise<Taken | undefined> {
    for (;;) {
      if (this.state !== "connecting" && this.state !== "active") return "inactive";
      const holder = this.#unit?.connection ?? this.#candidate;
      if (holder === undefined) break;
      if (await this.#isThere(holder)) return "connected";
    }
    this.#candidate = connection;
    void connection.closed.then(() => {
      if (this.#candidate !== connection) return;
      this.#candidate = undefined;
      this.#options.onUnits(this.units);
    });
    return undefined;
  }

  /** The plugin that the seat was kept for is ready. */
  take(connection: PeerConnection): void {
    if (this.#candidate !== connection || this.state !== "connecting") return;
    this.#candidate = undefined;
    this.#endPatience();
    this.#error = undefined;
    const unit = new ExternalUnit(connection, this.#options.id, this.#options.clock);
    this.#unit = unit;
    void unit.closed.then((reason) => this.#ended(unit, reason));
    this.#move("active");
    this.#options.onUnits(this.units);
  }

  /** What went wrong with a try to have it: said of it while it is awaited. */
  failed(error: PluginError): void {
    if (this.state === "connecting") this.#error = error;
  }

  /** Ends a holder that is not there any more: its machine may be gone, and nobody was told. */
  async #isThere(holder: PeerConnection): Promise<boolean> {
    const { clock, id } = this.#options;
    try {
      await within(holder.ping({ timeoutMs: Number.POSITIVE_INFINITY }), STILL_THERE_MS, clock, () => new Error("no answer"));
      return true;
    } catch {
      const sentence = `plugin "${id}" has dialled in anew, and its connection of before did not answer a ping`;
      await holder.peer.close({ kind: "lost", error: new PluginError("CONNECTION_LOST", sentence) }, 1001, "replaced");
      return false;
    }
  }

  #ended(unit: ExternalUnit, reason: CloseReason): void {
    if (this.#unit !== unit) return;
    this.#unit = undefined;
    if (this.state !== "active") return;
    this.#options.onEnd(unit, reason);
    this.#options.onUnits([]);
    // Told of that it may have been asked to stop.
    if (this.state === "active") this.#await();
  }

  #await(): void {
    const { clock, patienceMs, id, onPatienceOver } = this.#options;
    this.#stopWaiting = clock.after(patienceMs, () => {
      this.#stopWaiting = undefined;
      this.#error ??= new PluginError("NOT_READY", `it has not dialled in for ${patienceMs} ms as plugin "${id}"`);
      onPatienceOver();
    });
    this.#move("connecting");
  }

  async #leave(): Promise<void> {
    this.#endPatience();
    this.#error = undefined;
    const unit = this.#unit;
    this.#unit = undefined;
    this.#options.onUnits([]);
    const [code, text] = this.#dismissed ? ([1000, "unloaded"] as const) : ([1001, "the host is done with it"] as const);
    await Promise.all([this.#dismissed ? unit?.end(code, text) : unit?.stop(), this.#candidate?.peer.close(undefined, code, text)]);
    this.#move("inactive");
  }

  #endPatience(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #move(to: ExternalState): void {
    this.#state = moveState(MOVES, this.#state, to);
    this.#options.onChange({ to });
  }
}
