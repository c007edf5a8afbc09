import type { Provided } from "../peer/provided.js";
import { readProvided } from "../peer/provided.js";
import { type Declared, readDeclared } from "../peer/topics/declared.js";
import { type Info, PROTOCOL_VERSIONS } from "./hello.js";
import { unfit } from "./registration-refused.js";
import { MAX_TOKEN_LENGTH } from "./token.js";

/** What a plugin that dials in says of itself. Nothing of it is proven. */
export interface Claim {
  readonly id: string;
  readonly token: string | undefined;
  /** It wants to prove that it knows its token, and not to say it. */
  readonly proof: boolean;
  readonly apiVersions: readonly number[];
  readonly provided: readonly Provided[];
  readonly declared: Declared;
  /** JSON Schema of the options that it takes. */
  readonly optionsSchema: object | undefined;
  readonly info: Info | undefined;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Reads the params of `rpc.register`. @throws {RegistrationRefused} */
export function readClaim(params: unknown): Claim {
  const { id, token, proof, protocolVersions = PROTOCOL_VERSIONS, apiVersions = [1], ...rest } = asObject(params);
  if (typeof id !== "string" || !ID.test(id)) {
    throw unfit('its "id" must be 1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit');
  }
  if (token !== undefined && (typeof token !== "string" || token.length > MAX_TOKEN_LENGTH)) {
    throw unfit(`its "token" must be a text of up to ${MAX_TOKEN_LENGTH} characters`);
  }
  if (!isVersions(protocolVersions) || !protocolVersions.some((version) => PROTOCOL_VERSIONS.includes(version))) {
    throw unfit("this host speaks version 1 of the protocol alone", { protocolVersions: PROTOCOL_VERSIONS });
  }
  if (!isVersions(apiVersions)) throw unfit('its "apiVersions" is no list of whole numbers');
  return { id, token, proof: proof === true, apiVersions, ...readLists(rest), ...readDescription(rest) };
}

type Fields = Readonly<Record<string, unknown>>;

function asObject(params: unknown): Fields {
  if (typeof params === "object" && params !== null && !Array.isArray(params)) return params as Fields;
  throw unfit("its params are no object");
}

function isVersions(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= 1_024 && value.every((version) => Number.isSafeInteger(version));
}

function readLists({ provides, events, actions, hooks }: Fields): Pick<Claim, "provided" | "declared"> {
  try {
    return { provided: readProvided(provides), declared: readDeclared({ events, actions, hooks }) };
  } catch (error) {
    throw unfit(`what it says of itself cannot be used: ${(error as Error).message}`);
  }
}

function readDescription({ optionsSchema, info }: Fields): Pick<Claim, "optionsSchema" | "info"> {
  if (optionsSchema !== undefined && (typeof optionsSchema !== "object" || optionsSchema === null || Array.isArray(optionsSchema))) {
    throw unfit('its "optionsSchema" is no object');
  }
  return { optionsSchema, info: readInfo(info) };
}

function readInfo(value: unknown): Info | undefined {
  const { name, version } = (typeof value === "object" && value !== null ? value : {}) as Fields;
  if (typeof name !== "string") return undefined;
  return { name: name.slice(0, 128), ...(typeof version === "string" ? { version: version.slice(0, 128) } : {}) };
}
