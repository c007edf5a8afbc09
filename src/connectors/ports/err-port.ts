import type { PluginError } from "../../errors.js";
import type { ErrorEvent } from "../event.js";
import { Inbox } from "./inbox.js";

const MOST_EVENTS = 1_024;

/** Failures that wait to be read. They hold nothing up: the oldest is dropped, and counted. */
export class ErrPort {
  readonly events: Inbox<ErrorEvent<PluginError>> = new Inbox<ErrorEvent<PluginError>>();
  count = 0;
  dropped = 0;

  push(event: ErrorEvent<PluginError>): void {
    this.count++;
    if (this.events.push(event) || this.events.size <= MOST_EVENTS) return;
    this.events.drop();
    this.dropped++;
  }
}
