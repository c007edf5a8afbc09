import type { Dispenser } from "../contract/context.js";
import type { Channel } from "../wire/channel.js";
import { INVOKE } from "../wire/messages.js";
import { CallMessages } from "./calls/call-messages.js";
import { Caller } from "./calls/caller.js";
import { LateChecks } from "./calls/late-checks.js";
import { Notifier } from "./calls/notifier.js";
import { Gate } from "./gate.js";
import { Dispatcher } from "./handlers/dispatcher.js";
import { MessageWriter } from "./messages/message-writer.js";
import { ReplySender } from "./messages/reply-sender.js";
import { Sender } from "./messages/sender.js";
import { PeerLog } from "./peer-log.js";
import type { PeerOptions } from "./peer-options.js";
import { Borrowing } from "./references/borrowing.js";
import { Lending } from "./references/lending.js";
import { RemoteLog } from "./remote-log.js";
import { ReservedMethods } from "./reserved.js";
import { StreamReaders } from "./streams/stream-readers.js";
import { StreamWriters } from "./streams/stream-writers.js";

/** What deals with the messages of one conversation. */
export interface Parts {
  readonly gate: Gate;
  readonly sender: Sender;
  readonly replies: ReplySender;
  readonly checks: LateChecks;
  readonly caller: Caller;
  readonly notifier: Notifier;
  readonly dispatcher: Dispatcher;
  readonly reserved: ReservedMethods;
  readonly writers: StreamWriters;
  readonly readers: StreamReaders;
  readonly lending: Lending;
  readonly borrowing: Borrowing;
  readonly log: PeerLog;
}

/** Puts them together: what sends first, then what makes and runs calls with it. */
export function makeParts(channel: Channel, options: PeerOptions, dispenser: Dispenser): Parts {
  // Beside the options, and not in a copy of them: who the other side is may be told later.
  const log = new PeerLog(options.logger, options.clock);
  const gate = new Gate();
  const sender = new Sender(channel);
  const replies = new ReplySender(channel, sender, options.limits.maxUnsentBytes);
  const messages = new MessageWriter(sender.attachmentPolicy, options.limits, options.values);
  const writers = new StreamWriters({ messages, replies, sender, log }, options);
  const readers = new StreamReaders(replies, options);
  const lending = new Lending(writers, options);
  const callMessages = new CallMessages(messages, lending, options);
  const checks = new LateChecks(options);
  const caller = new Caller(callMessages, sender, checks, options);
  const notifier = new Notifier(caller.admission, callMessages, sender, options);
  const borrowing = new Borrowing(readers, options, (id, label, args, signal) =>
    caller.callAs(label, INVOKE, { function: id, args }, { signal }),
  );
  const dispatcher = new Dispatcher({ dispenser, messages, replies, sender, writers, log }, options);
  const reserved = new ReservedMethods(replies, gate);
  reserved.serve({ dispatcher, writers, readers, log: new RemoteLog(log) });
  return { gate, sender, replies, checks, caller, notifier, dispatcher, reserved, writers, readers, lending, borrowing, log };
}
