import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { within } from "../../util/within.js";
import type { Sender } from "../messages/sender.js";
import type { Admission } from "./admission.js";
import type { CallMessages } from "./call-messages.js";
import { checkCallOptions } from "./call-options.js";

export interface NotifierOptions {
  readonly clock: Clock;
  readonly other: string;
}

/** Notifications that this side sends. */
export class Notifier {
  readonly #admission: Admission;
  readonly #messages: CallMessages;
  readonly #sender: Sender;
  readonly #options: NotifierOptions;

  constructor(admission: Admission, messages: CallMessages, sender: Sender, options: NotifierOptions) {
    this.#admission = admission;
    this.#messages = messages;
    this.#sender = sender;
    this.#options = options;
  }

  /** Resolves once it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    return options === undefined ? this.#notify(method, input) : this.#notifyWith(method, input, options);
  }

  #notify(method: string, input: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const refusal = this.#admission.refusal(method, method);
      // In a macrotask: a loop that retries at once would otherwise starve every timer and socket.
      if (refusal !== undefined) return this.#options.clock.soon(() => reject(refusal));
      const { text, bytes } = this.#messages.notification(method, input);
      this.#sender.send(text, bytes);
      this.#sender.whenHanded(method, resolve, reject);
    });
  }

  async #notifyWith(method: string, input: unknown, options: CallOptions): Promise<void> {
    checkCallOptions(method, options);
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
    signal?.throwIfAborted();
    const handed = this.#notify(method, input);
    const bounded = timeoutMs === Number.POSITIVE_INFINITY ? handed : this.#within(timeoutMs, method, handed);
    try {
      return await (signal === undefined ? bounded : abortable(bounded, signal));
    } catch (error) {
      this.#sender.copyBytes();
      throw error;
    }
  }

  #within(timeoutMs: number, method: string, handed: Promise<void>): Promise<void> {
    const sentence = `Gave up the notification "${method}": ${this.#options.other} did not take it in ${timeoutMs} ms; it may yet arrive`;
    return within(handed, timeoutMs, this.#options.clock, () => new PluginError("CALL_TIMEOUT", sentence));
  }
}
