import type { ImplementationRecord } from "../contract/implement.js";
import { PluginError } from "../errors.js";
import { flawOf } from "../peer/errors/unsendable.js";
import { announceProvided, type Provided } from "../peer/provided.js";
import { showValue } from "../util/show-value.js";
import { UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";
import { extract, lendNothing, type ValueRules } from "../wire/references/extract.js";
import { isSpecial } from "../wire/references/scan.js";

/** What a host hands over once it is trusted. */
export interface Offer {
  readonly provides: readonly ImplementationRecord[];
  /** @default {} */
  readonly config: unknown;
  /** Which rules the config is held to. @default "strict" */
  readonly values?: ValueRules | undefined;
}
interface ReadyParams {
  readonly proof: string;
  readonly provides: readonly Provided[];
  readonly config: unknown;
}

// What stands around the params of rpc.ready.
const ENVELOPE_BYTES = 64;
// Every proof is as long.
const SOME_PROOF = "0".repeat(64);

/**
 * What rpc.ready carries.
 * @throws {PluginError} `LIMIT_EXCEEDED`, with the end of a sentence: the plugin takes no longer line from whoever has not proven to be
 * the host, and the proof is in this one.
 */
export function readyParams(proof: string, { provides, config = {} }: Offer): ReadyParams {
  const configBytes = Buffer.byteLength(JSON.stringify(config) ?? "");
  const params = { proof, provides: announceProvided(provides, configBytes), config };
  const bytes = Buffer.byteLength(JSON.stringify(params)) + ENVELOPE_BYTES;
  if (bytes <= UNPROVEN_MESSAGE_BYTES) return params;
  const sentence = `its config, with what this host provides, takes ${bytes} bytes, and the handshake carries ${UNPROVEN_MESSAGE_BYTES}`;
  throw new PluginError("LIMIT_EXCEEDED", `${sentence}\n  Hand over the rest with a call, or name a file in the config.`);
}

/**
 * Checks what is to be handed over, before anything runs: it would end the start at its last step.
 * @throws {Error} With the end of a sentence.
 */
export function checkOffer(offer: Offer): void {
  checkConfig(offer);
  readyParams(SOME_PROOF, offer);
}

function checkConfig({ config, values }: Offer): void {
  try {
    const text: string | undefined = JSON.stringify(config);
    if (isSpecial(config)) extract(config, lendNothing, undefined, values);
    if (text === undefined && config !== undefined) throw new TypeError(`it is ${showValue(config)}, and JSON makes nothing of it`);
  } catch (cause) {
    throw new Error(`its config cannot be sent: ${flawOf(config, cause, values).message}`, { cause });
  }
}
