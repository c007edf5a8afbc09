import type { Peer } from "../peer/peer.js";
import type { SessionMember } from "./bus/session-member.js";
import type { EventCounts } from "./bus/subscriber.js";
import type { PluginSession } from "./session/plugin-session.js";
import type { LiveUnit } from "./supervised/live-unit.js";

/** What has been counted of a plugin, over all its processes. */
export interface Totals {
  readonly callErrors: number;
  readonly callsTimedOut: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

const NOTHING: Totals = { callErrors: 0, callsTimedOut: 0, messagesSent: 0, messagesReceived: 0, bytesSent: 0, bytesReceived: 0 };

/** The counters of a plugin: those of the processes that serve it now, and of those that have ended. */
export class Tally {
  readonly session: PluginSession;
  readonly #member: SessionMember;
  #past: Totals = NOTHING;

  constructor(session: PluginSession, member: SessionMember) {
    this.session = session;
    this.#member = member;
    session.runner.onGone = ({ peer }: LiveUnit) => {
      this.#past = add(this.#past, totalsOf(peer));
    };
  }

  get events(): EventCounts {
    return this.#member.counts;
  }

  get eventsWaiting(): number {
    return this.#member.waiting;
  }

  get totals(): Totals {
    return this.session.runner.units.reduce((sum, { peer }) => add(sum, totalsOf(peer)), this.#past);
  }

  get pendingCalls(): number {
    return this.session.runner.units.reduce((sum, { peer }) => sum + peer.pending, 0);
  }

  get runningCalls(): number {
    return this.session.runner.units.reduce((sum, { peer }) => sum + peer.running, 0);
  }
}

function totalsOf(peer: Peer): Totals {
  const { sent, received, errors, bytesSent, bytesReceived } = peer.counters;
  return {
    callErrors: errors,
    callsTimedOut: peer.callsTimedOut,
    messagesSent: sent,
    messagesReceived: received,
    bytesSent,
    bytesReceived,
  };
}

function add(one: Totals, other: Totals): Totals {
  return {
    callErrors: one.callErrors + other.callErrors,
    callsTimedOut: one.callsTimedOut + other.callsTimedOut,
    messagesSent: one.messagesSent + other.messagesSent,
    messagesReceived: one.messagesReceived + other.messagesReceived,
    bytesSent: one.bytesSent + other.bytesSent,
    bytesReceived: one.bytesReceived + other.bytesReceived,
  };
}
