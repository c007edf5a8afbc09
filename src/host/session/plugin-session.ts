import { type Contract, checkContract, NAME_PATTERN, NAME_RULE } from "../../contract/contract.js";
import type { CallOptions, Remote } from "../../contract/views.js";
import { NotReadyError, type PluginError } from "../../errors.js";
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
import type { SessionState } from "./states.js";

/** What a session needs of the host that it belongs to. */
export interface SessionHost {
  /** Starts it once what it needs is there. Rejects where the host does not know it any more. */
  activate(): Promise<void>;
  /** Stops it, after what needs it. */
  deactivate(): Promise<void>;
  onGrants(): void;
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
    this.#grants = Object.freeze(readGrants(from, "grants", EVERYTHING));
    this.#host.onGrants();
  }

  async setActiveState(state: "active" | "inactive", { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (state !== "active" && state !== "inactive") {
      throw new TypeError(
        `Cannot set the state of plugin "${this.id}": it is ${JSON.stringify(state)}, and it must be "active" or "inactive"`,
      );
    }
    signal?.throwIfAborted();
    this.#wish = state;
    const settled = state === "active" ? this.#host.activate() : this.#host.deactivate();
    await (signal === undefined ? settled : abortable(settled, signal));
  }

  replace(options: ReplaceOptions = {}): Promise<void> {
    return this.runner.replace(options);
  }

  configure(settings: unknown): Promise<void> {
    return this.runner.configure(settings);
  }

  async dispense<C extends Contract>(contract: C): Promise<Remote<C>> {
    const provided = await this.#provided(contract.name);
    checkContract(contract, "dispense");
    checkProvided(contract, provided, `plugin "${this.id}"`);
    return makeRemote(contract, this.runner.handle, { ...this.runner.remoteOptions, has: providedMembers(contract, provided) });
  }

  async send(method: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    if (typeof method !== "string" || !NAME_PATTERN.test(method))
      throw new TypeError(`Cannot call "${String(method)}": a name is ${NAME_RULE}`);
    return this.runner.handle.call(method, input, options);
  }

  /** What it said it provides when it was last started: that is waited for the first time. */
  async #provided(contract: string): Promise<readonly Provided[]> {
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
