import { type Contract, checkContract, NAME_PATTERN, NAME_RULE } from "../../contract/contract.js";
import type { CallOptions, Remote } from "../../contract/views.js";
import { NotReadyError, type PluginError } from "../../errors.js";
import type { Manifest } from "../../install/manifest/manifest.js";
import { checkProvided, providedMembers } from "../../peer/calls/check-provided.js";
import { makeRemote } from "../../peer/calls/remote.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import type { Provided } from "../../peer/provided.js";
import { abortable } from "../../util/abort.js";
import { readOptions } from "../../util/options/source.js";
import { EVERYTHING, type Grants } from "../grants.js";
import { type ResolvedSpec, readGrants } from "../options/resolve-spec.js";
import type { Runner } from "./runner.js";
import { detailsOf, type LastExit, type ReplaceOptions, type Session, type Supervised } from "./session.js";
import type { SessionHealth } from "./session-health.js";
import type { Kept, SessionKeeper } from "./session-keeper.js";
import type { SessionState } from "./states.js";

/** What a session needs of the host that it belongs to. */
export interface SessionHost {
  /** Starts it once what it needs is there. Rejects where the host does not know it any more. */
  activate(): Promise<void>;
  /** Stops it, after what needs it. */
  deactivate(): Promise<void>;
  onGrants(): void;
  /** What keeps its state; undefined where nothing is kept. */
  keeper(): SessionKeeper | undefined;
}

/** A plugin that this host knows, whoever runs it. */
export class PluginSession implements Session {
  readonly id: string;
  readonly mode: Session["mode"];
  readonly supervised: Supervised | undefined;
  readonly spec: ResolvedSpec;
  readonly runner: Runner;
  readonly #host: SessionHost;
  #wish: "active" | "inactive";
  #grants: Grants;
  /** What its package says of it. */
  manifest: Manifest | undefined;

  constructor(spec: ResolvedSpec, runner: Runner, host: SessionHost) {
    this.spec = spec;
    this.id = spec.id;
    this.mode = spec.mode;
    this.runner = runner;
    this.#host = host;
    this.#wish = spec.active ? "active" : "inactive";
    this.#grants = spec.grants;
    this.supervised = spec.mode === "supervised" ? this.#supervise() : undefined;
  }

  /** Takes over what is known of it from before this host was started. A wish that was kept is worth more than the spec's. */
  restore(kept: Kept): void {
    this.manifest = kept.manifest;
    this.#wish = kept.wish ?? this.#wish;
    this.#grants = kept.grants ?? this.#grants;
    this.runner.restore(kept);
  }

  get startedAt(): Date | undefined {
    return this.runner.startedAt;
  }

  get activeState(): "active" | "inactive" {
    return this.#wish;
  }

  get reportedState(): SessionState {
    return this.runner.state;
  }

  get errorMessage(): string | undefined {
    return this.runner.error?.message;
  }

  get errorDetails(): Readonly<Record<string, unknown>> {
    const { error, lastExit, retry } = this.runner;
    return error === undefined ? {} : { ...detailsOf(error, lastExit?.reason as CloseReason | undefined), ...retry };
  }

  get lastExit(): LastExit | undefined {
    return this.runner.lastExit;
  }

  get restarts(): number {
    return this.runner.restarts;
  }

  get grants(): Grants {
    return this.#grants;
  }

  get health(): SessionHealth | undefined {
    return this.runner.health;
  }

  async grant(grants: Grants): Promise<void> {
    const from = readOptions(`Cannot grant plugin "${this.id}" anything`, { grants }, new Set(["grants"]));
    const read = Object.freeze(readGrants(from, "grants", EVERYTHING));
    const kept = this.#host.keeper()?.grants(this.id, read);
    if (kept !== undefined) await kept;
    this.#grants = read;
    this.#host.onGrants();
  }

  async setActiveState(state: "active" | "inactive", { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (state !== "active" && state !== "inactive") {
      throw new TypeError(
        `Cannot set the state of plugin "${this.id}": it is ${JSON.stringify(state)}, and it must be "active" or "inactive"`,
      );
    }
    signal?.throwIfAborted();
    const settled = this.#setWish(state);
    await (signal === undefined ? settled : abortable(settled, signal));
  }

  /** Kept first, so that a wish that was acknowledged outlives this host; in the order in which it was asked for. */
  #setWish(state: "active" | "inactive"): Promise<void> {
    const kept = this.#host.keeper()?.wish(this.id, state);
    const apply = (): Promise<void> => {
      this.#wish = state;
      return state === "active" ? this.#host.activate() : this.#host.deactivate();
    };
    return kept === undefined ? apply() : kept.then(apply);
  }

  replace(options: ReplaceOptions = {}): Promise<void> {
    return this.runner.replace(options);
  }

  configure(settings: unknown): Promise<void> {
    const offer = (taken: unknown): Promise<void> => this.runner.configure(taken);
    return this.#host.keeper()?.settings(this.id, settings, offer) ?? offer(settings);
  }

  async dispense<C extends Contract>(contract: C): Promise<Remote<C>> {
    const provided = await this.#provided(contract.name);
    checkContract(contract, "dispense");
    // Where its manifest alone says that it provides it, which of the optional members there are is not known yet.
    if (provided === undefined) return makeRemote(contract, this.runner.handle, this.runner.remoteOptions);
    checkProvided(contract, provided, `plugin "${this.id}"`);
    return makeRemote(contract, this.runner.handle, { ...this.runner.remoteOptions, has: providedMembers(contract, provided) });
  }

  async send(method: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    if (typeof method !== "string" || !NAME_PATTERN.test(method))
      throw new TypeError(`Cannot call "${String(method)}": a name is ${NAME_RULE}`);
    return this.runner.handle.call(method, input, options);
  }

  /** What it said it provides when it was last started: that is waited for the first time. Undefined where its manifest alone says so. */
  async #provided(contract: string): Promise<readonly Provided[] | undefined> {
    const asleep = this.runner.provided === undefined && this.runner.isSleeping;
    if (asleep && this.manifest?.provides?.includes(contract) === true) return undefined;
    if (this.runner.provided === undefined) await this.runner.untilStarted();
    const { provided, error } = this.runner;
    if (provided !== undefined) return provided;
    const reason = error?.message ?? `it is ${this.reportedState}`;
    throw new NotReadyError(
      `Cannot dispense "${contract}": plugin "${this.id}" has never been active: ${reason}`,
      [{ id: this.id, reason }],
      causeOf(error),
    );
  }

  #supervise(): Supervised {
    const { runner } = this;
    return {
      get pid() {
        return runner.pid;
      },
      start: () => this.setActiveState("active"),
      stop: () => this.setActiveState("inactive"),
    };
  }
}

function causeOf(error: PluginError | undefined): ErrorOptions | undefined {
  return error === undefined ? undefined : { cause: error };
}
