import { removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { PING } from "../../wire/messages.js";
import type { ProgramHold } from "../program-hold.js";
import type { Scope } from "../references/scope.js";
import { Rest } from "../rest.js";

/** A call we placed that has no answer yet. */
export interface PendingCall {
  /** Given by add(). */
  id: number;
  readonly method: string;
  /** On the clock; Infinity for a call that waits for ever. */
  deadline: number;
  timeoutMs: number;
  /** Which of all messages sent on the connection it is; 0 until it is sent. */
  sequence: number;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** What is made of the answer before the caller gets it. */
  readonly accept: ((value: unknown, call: PendingCall) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  /** What its input lent; ends with the call, unless what accepts the answer takes it over: a stream keeps it until it ends. */
  scope: Scope | undefined;
  /** Bytes of the caller's own go beside its message. */
  hasBytes: boolean;
  /** What is done with an answer that comes after the call was given up: a stream that it opened must be closed. */
  readonly late: ((value: unknown) => void) | undefined;
}

const FIRST_SIZE = 64;
const MAX_GIVEN_UP = 16_384;

/**
 * Calls we placed, by id. An entry leaves in one place, take(), and its signal is watched no longer; what took it settles it.
 *
 * A ring, not a Map: the id's low bits are the slot, and an id whose slot is taken by an older call is skipped.
 */
export class PendingCalls {
  #slots: (PendingCall | undefined)[] = new Array(FIRST_SIZE).fill(undefined);
  #mask = FIRST_SIZE - 1;
  #nextId = 0;
  /** How many wait. */
  count = 0;
  #sweepAt = Number.POSITIVE_INFINITY;
  #stopSweep: (() => void) | undefined;
  /** Calls that were cancelled or timed out, by id: their late answers are no surprise. */
  readonly #givenUp = new Map<number, PendingCall>();
  readonly #clock: Clock;
  readonly #hold: ProgramHold | undefined;
  readonly #rest: Rest;
  readonly #onDeadline: (call: PendingCall) => void;

  /** @param hold Taken while a call waits. */
  constructor(clock: Clock, onDeadline: (call: PendingCall) => void, hold?: ProgramHold) {
    this.#clock = clock;
    this.#hold = hold;
    this.#rest = new Rest(clock);
    this.#onDeadline = onDeadline;
  }

  /** Takes a call in and gives it its id. */
  add(call: PendingCall): void {
    if (this.count * 2 >= this.#slots.length) this.#grow();
    let id = this.#nextId;
    while (this.#slots[id & this.#mask] !== undefined) id = idAfter(id);
    call.id = id;
    this.#slots[id & this.#mask] = call;
    this.#nextId = id < Number.MAX_SAFE_INTEGER ? id + 1 : 0;
    if (this.count++ === 0) this.#hold?.take();
    if (call.deadline < this.#sweepAt) this.#sweepBy(call.deadline);
  }

  /** Removes and returns the call with that id, if it waits. */
  take(id: number): PendingCall | undefined {
    const call = this.#slots[id & this.#mask];
    if (call === undefined || call.id !== id) return undefined;
    this.#slots[id & this.#mask] = undefined;
    if (call.onAbort !== undefined) unwatch(call);
    if (--this.count === 0 && (this.#hold !== undefined || this.#rest.isAwaited)) this.#emptied();
    return call;
  }

  /** Removes a call whose answer may still come. False if it was settled before. */
  giveUp(call: PendingCall): boolean {
    if (this.take(call.id) === undefined) return false;
    this.#givenUp.set(call.id, call);
    if (this.#givenUp.size > MAX_GIVEN_UP) for (const oldest of this.#givenUp.keys()) return this.#givenUp.delete(oldest);
    return true;
  }

  /** Says, once, whether a call with that id was given up; its late answer is dealt with. */
  wasGivenUp(id: number, answer?: unknown): boolean {
    const call = this.#givenUp.get(id);
    this.#givenUp.delete(id);
    call?.late?.(answer);
    return call !== undefined;
  }

  /**
   * The deadline of the oldest call that may still run on the other side, whether or not it was given up; pings run nothing.
   * Looks at all of them: for now and then.
   */
  get oldestDeadline(): number | undefined {
    const now = this.#clock.now();
    let [oldestId, oldest] = [Number.POSITIVE_INFINITY, undefined as number | undefined];
    for (const call of this.#slots) {
      if (call !== undefined && call.id < oldestId && call.method !== PING) [oldestId, oldest] = [call.id, call.deadline];
    }
    for (const [id, { deadline }] of this.#givenUp) {
      if (id < oldestId && deadline > now) [oldestId, oldest] = [id, deadline];
    }
    return oldest;
  }

  /** Removes and returns all, oldest first. */
  takeAll(): PendingCall[] {
    const calls = this.#slots.filter((call) => call !== undefined).sort((a, b) => a.sequence - b.sequence);
    this.#slots.fill(undefined); // Before one of them is settled: that may place a new call.
    for (const call of calls) unwatch(call);
    if (this.count > 0) this.#hold?.release();
    this.count = 0;
    this.#stopSweep?.();
    this.#sweepAt = Number.POSITIVE_INFINITY;
    this.#rest.tell();
    return calls;
  }

  /** Resolves once none waits, or after `ms`. */
  untilNone(ms: number): Promise<void> {
    return this.count === 0 ? Promise.resolve() : this.#rest.wait(ms);
  }

  /** The last call that waited has left. */
  #emptied(): void {
    this.#hold?.release();
    this.#rest.tell();
  }

  #grow(): void {
    const calls = this.#slots;
    this.#slots = new Array(calls.length * 2).fill(undefined);
    this.#mask = this.#slots.length - 1;
    for (const call of calls) if (call !== undefined) this.#slots[call.id & this.#mask] = call;
  }

  // One timer serves all deadlines: it is set for the earliest, and moved only when an earlier one comes.
  #sweepBy(deadline: number): void {
    this.#sweepAt = deadline;
    this.#stopSweep?.();
    // After a stall of this process the answers wait unread while the timer is due: they are read first.
    this.#stopSweep = this.#clock.after(deadline - this.#clock.now(), () => this.#clock.soon(() => this.#sweep()));
  }

  #sweep(): void {
    const now = this.#clock.now();
    this.#sweepAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#slots) {
      if (call === undefined) continue;
      if (call.deadline > now) next = Math.min(next, call.deadline);
      else if (this.giveUp(call)) this.#onDeadline(call);
    }
    if (next < this.#sweepAt) this.#sweepBy(next);
  }
}

function idAfter(id: number): number {
  return id < Number.MAX_SAFE_INTEGER ? id + 1 : 0;
}

function unwatch({ signal, onAbort }: PendingCall): void {
  if (signal !== undefined && onAbort !== undefined) removeAbortTask(signal, onAbort);
}
