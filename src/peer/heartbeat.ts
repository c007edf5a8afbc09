import type { Clock } from "../util/clock.js";

/** What a heartbeat needs of the peer that it watches. */
export interface Watched {
  /** Bytes received so far, those of half a message too: whatever comes is a sign of life. */
  readonly received: number;
  /** False while we read nothing ourselves. */
  readonly reading: boolean;
  /** Until when the oldest call that runs there may keep it from answering, on the clock; undefined if none runs. */
  readonly oldestDeadline: number | undefined;
  ping(): Promise<unknown>;
}

export interface HeartbeatOptions {
  /** A ping is sent after three quarters of it in silence at the earliest, and after all of it at the latest. */
  readonly intervalMs: number;
  /** From the ping to the end, in which two misses fit at least. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** This very process stood still for so many milliseconds at least: what was measured in that time counts for nothing. */
  onStall(ms: number): void;
  /** The other side has said nothing for so many milliseconds, since it was pinged. Called once, and last. */
  onFrozen(ms: number): void;
}

// Looks in each interval. What has come is not timed as it comes, which would cost every chunk.
const LOOKS = 4;
const FEWEST_MISSES = 2;
// A timer that is later than that was held up by more than a busy moment of this process.
const STALL_MS = 200;

/** Finds out that the other side has stopped answering, and never mistakes a stall of our own for that. */
export class Heartbeat {
  readonly #peer: Watched;
  readonly #options: HeartbeatOptions;
  /** As many as make a look no rarer while an answer is awaited: a sign of life is noticed as soon then. */
  readonly #mostMisses: number;
  #cancel: (() => void) | undefined;
  #stopped = false;
  #received = 0;
  #quietLooks = 0;
  #misses = 0;
  #pingedAt = 0;
  #excusedUntil = Number.NEGATIVE_INFINITY;
  #pinging = false;
  #answered = false;

  constructor(peer: Watched, options: HeartbeatOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#mostMisses = Math.max(FEWEST_MISSES, Math.ceil((options.timeoutMs * LOOKS) / options.intervalMs));
    this.#received = peer.received;
    this.#idle();
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #idle(): void {
    this.#after(this.#options.intervalMs / LOOKS, () => {
      this.#quietLooks = this.#heard() ? 0 : this.#quietLooks + 1;
      if (this.#quietLooks < LOOKS - 1) this.#idle();
      else this.#ping();
    });
  }

  #ping(): void {
    this.#pingedAt = this.#options.clock.now();
    this.#misses = 0;
    // Calls that come after the ping excuse nothing: whoever reads in order answers the ping before it begins with them.
    this.#excusedUntil = this.#peer.oldestDeadline ?? Number.NEGATIVE_INFINITY;
    if (!this.#pinging) {
      this.#pinging = true;
      this.#peer
        .ping()
        .then(
          () => {
            this.#answered = true;
          },
          () => {},
        )
        .finally(() => {
          this.#pinging = false;
        });
    }
    this.#wait();
  }

  #wait(): void {
    this.#after(this.#options.timeoutMs / this.#mostMisses, (stalled) => {
      if (this.#heard()) {
        this.#quietLooks = 0;
        return this.#idle();
      }
      const now = this.#options.clock.now();
      if (stalled) this.#misses = 0;
      else if (this.#peer.reading && now >= this.#excusedUntil) this.#misses++;
      if (this.#misses < this.#mostMisses) return this.#wait();
      this.#stopped = true;
      this.#options.onFrozen(now - this.#pingedAt);
    });
  }

  #heard(): boolean {
    const { received } = this.#peer;
    const heard = this.#answered || received !== this.#received;
    this.#answered = false;
    this.#received = received;
    return heard;
  }

  #after(ms: number, task: (stalled: boolean) => void): void {
    const { clock } = this.#options;
    const due = clock.now() + ms;
    this.#cancel = clock.after(ms, () => {
      const lateMs = clock.now() - due;
      const stalled = lateMs > STALL_MS;
      if (stalled) this.#options.onStall(lateMs);
      // What came while this process stood still, or was busy, is read before anybody judges.
      clock.soon(() => {
        if (!this.#stopped) task(stalled);
      });
    });
  }
}
