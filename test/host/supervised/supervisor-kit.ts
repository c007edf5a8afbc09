import { StartError, type StartReason } from "../../../src/errors.js";
import { type ResolvedRestartPolicy, RestartCounter } from "../../../src/host/supervised/restart-policy.js";
import { Supervisor, type SupervisorChange } from "../../../src/host/supervised/supervisor.js";
import type { Unit } from "../../../src/host/supervised/unit.js";
import type { CloseReason } from "../../../src/peer/errors/close-reason.js";
import { deferred } from "../../../src/util/deferred.js";
import { FakeClock } from "../../kit/fake-clock.js";

export const POLICY: ResolvedRestartPolicy = {
  initialMs: 250,
  factor: 2,
  maxMs: 30_000,
  jitter: 0,
  maxAttempts: 5,
  resetAfterMs: 30_000,
  on: "always",
  thenEveryMs: undefined,
};
export const CRASH: CloseReason = { kind: "exited", exitCode: 1, signal: null, stderrTail: "" };

/** A unit whose end the test brings about. It takes its time to stop until the test lets it. */
export class FakeUnit implements Unit {
  readonly closed: Promise<CloseReason>;
  readonly #closed = deferred<CloseReason>();
  gone = false;
  stopping = false;

  constructor() {
    this.closed = this.#closed.promise;
  }

  end(reason: CloseReason = CRASH): void {
    this.gone = true;
    this.#closed.resolve(reason);
  }

  stop(): Promise<unknown> {
    this.stopping = true;
    return this.closed;
  }

  drain(): Promise<unknown> {
    return this.stop();
  }
}

/** A start that the test settles. */
export class FakeStart {
  readonly #promise = deferred<FakeUnit>();
  readonly unit = new FakeUnit();
  readonly promise: Promise<FakeUnit> = this.#promise.promise;
  readonly signal: AbortSignal;
  settled = false;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  succeed(): void {
    this.settled = true;
    this.#promise.resolve(this.unit);
  }

  fail(reason: string, retryAfterMs?: number): void {
    this.settled = true;
    this.unit.gone = true; // There never was one.
    this.#promise.reject(startFailure(reason, retryAfterMs));
  }
}

export function startFailure(reason: string, retryAfterMs?: number): StartError {
  const details = { step: "spawn", command: "x", reason: reason as StartReason, retryAfterMs } as const;
  return new StartError("START_FAILED", `Cannot start: ${reason}`, details);
}

/** Lets everything that waits for a promise run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

export function supervise(policy: ResolvedRestartPolicy | false = POLICY) {
  const clock = new FakeClock();
  const starts: FakeStart[] = [];
  const changes: SupervisorChange[] = [];
  const ends: CloseReason[] = [];
  const given: { current: FakeUnit | undefined } = { current: undefined };
  const supervisor = new Supervisor<FakeUnit>({
    name: "p",
    restart: policy,
    clock,
    random: () => 0.5,
    start: (signal) => {
      const start = new FakeStart(signal);
      starts.push(start);
      return start.promise;
    },
    onChange: (change) => changes.push(change),
    onUnit: (unit) => {
      given.current = unit;
    },
    onEnd: (_unit, reason) => ends.push(reason),
  });
  const last = (): FakeStart => starts.at(-1) as FakeStart;
  const states = (): string[] => changes.map(({ to }) => to);
  return { supervisor, clock, starts, changes, ends, given, last, states };
}

export { RestartCounter };
