import { PluginError } from "../../errors.js";
import type { Claim } from "../../handshake/claim.js";
import { randomHex } from "../../handshake/proof.js";
import { hostFault, RegistrationRefused, unfit } from "../../handshake/registration-refused.js";
import type { Keeper, Known, Place } from "../../handshake/take-in.js";
import type { PeerConnection } from "../../peer/connection.js";
import { WireCode } from "../../wire/error-codes.js";
import type { CallerSide } from "./caller-side.js";
import type { External, Externals } from "./externals.js";
import type { Failures } from "./failures.js";
import { checkOptions } from "./options-schema.js";
import type { Taken } from "./seat.js";
import type { TokenStore } from "./tokens.js";

/** What the admissions of one door have in common. */
export interface AdmissionRules {
  readonly externals: Externals;
  readonly failures: Failures;
  readonly tokens: TokenStore | undefined;
  readonly allowUnknown: boolean;
  readonly exposeErrors: boolean;
  /** Strangers may make it say much: it is one that leaves out what is too much. */
  readonly logger: {
    warn(sentence: string): void;
    error(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  };
}

const GENERAL = "Cannot register: the host does not know this plugin by this token";

/** Decides of one connection whether the plugin that it claims to be is taken in. */
export class Admission implements Keeper {
  readonly #rules: AdmissionRules;
  readonly #connection: PeerConnection;
  readonly #side: CallerSide;
  /** Which plugin it is, where the application has found that out itself. */
  readonly #vouchedFor: string | undefined;

  constructor(rules: AdmissionRules, connection: PeerConnection, side: CallerSide, vouchedFor: string | undefined) {
    this.#rules = rules;
    this.#connection = connection;
    this.#side = side;
    this.#vouchedFor = vouchedFor;
  }

  async lookUp({ id }: Claim): Promise<Known> {
    const { externals, failures, tokens, allowUnknown } = this.#rules;
    if (this.#vouchedFor !== undefined && this.#vouchedFor !== id) {
      throw unfit(`this connection is that of plugin "${this.#vouchedFor}"`);
    }
    const waitMs = failures.waitMs(id);
    if (waitMs > 0) throw notNow(`too many have failed as plugin "${id}"`, { retryAfterMs: Math.ceil(waitMs) });
    const known = externals.find(id);
    if (known === undefined) return { key: allowUnknown && !externals.has(id) ? undefined : randomHex(), apiVersions: [1] };
    const { apiVersions, tokenDigest } = known;
    if (this.#vouchedFor === id) return { key: undefined, apiVersions };
    return { key: (await tokens?.digestOf(id)) ?? tokenDigest, apiVersions };
  }

  unauthorized({ id }: Claim): RegistrationRefused {
    const { externals, failures, exposeErrors, logger } = this.#rules;
    failures.add(id);
    const isKnown = externals.find(id) !== undefined;
    const why = isKnown
      ? `Cannot register plugin "${id}": its token is another one`
      : `Cannot register plugin "${id}": no such plugin is loaded that dials in`;
    logger.warn(`Refused a program that dialled in: ${why}`);
    return new RegistrationRefused({ code: WireCode.unauthorized, message: exposeErrors ? why : GENERAL }, 1008, why);
  }

  async admit(claim: Claim): Promise<Place> {
    const { id } = claim;
    const { externals, allowUnknown } = this.#rules;
    const known = externals.find(id);
    if (known?.lacking !== undefined) throw notNow(`plugin "${id}" needs plugin "${known.lacking}", which is not active`);
    await this.#checkOptions(claim, known);
    if (allowUnknown && !externals.has(id)) externals.addUnknown(id);
    const external = externals.find(id);
    if (external === undefined) throw notNow(`plugin "${id}" was unloaded`);
    const taken = await external.seat.reserve(this.#connection);
    if (taken !== undefined) throw refusalOf(id, taken);
    if (!this.#connection.peer.open) throw new PluginError("CONNECTION_LOST", "it has gone again");
    const identity = externals.identify(id);
    this.#side.identify(identity, externals.authorize(id));
    externals.answer(id, this.#connection);
    return { provides: externals.provides, config: external.settings, sessionId: `${id}.${identity.instance}` };
  }

  fault(error: unknown): RegistrationRefused {
    const why = error instanceof Error ? error.message : String(error);
    this.#rules.logger.error("Cannot take in a plugin that dialled in", { error });
    return this.#rules.exposeErrors ? hostFault(why, why) : hostFault(why);
  }

  async #checkOptions({ id, optionsSchema }: Claim, known: External | undefined): Promise<void> {
    if (optionsSchema === undefined) return;
    const issues = await checkOptions(optionsSchema, known?.settings ?? {});
    if (issues.length === 0) return;
    const sentence = `the options of plugin "${id}" are not what it takes: ${issues.map(({ message }) => message).join("; ")}`;
    known?.seat.failed(new PluginError("INVALID_INPUT", sentence));
    this.#rules.logger.error(`Cannot register plugin "${id}": ${sentence}`);
    throw unfit(sentence, { issues });
  }
}

function refusalOf(id: string, taken: Taken): RegistrationRefused {
  if (taken === "inactive") return notNow(`plugin "${id}" is inactive`);
  const message = `Cannot register: plugin "${id}" is connected already`;
  return new RegistrationRefused({ code: WireCode.busy, message }, 1008);
}

/** It may come back. */
function notNow(why: string, data?: object): RegistrationRefused {
  return new RegistrationRefused({ code: WireCode.busy, message: `Cannot register: ${why}`, ...(data && { data }) }, 1013);
}
