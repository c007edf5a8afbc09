import { type Member, NAME_PATTERN } from "../contract/contract.js";
import type { ImplementationRecord } from "../contract/implement.js";
import { jsonSchemaOf } from "../contract/json-schema.js";
import type { Schema } from "../contract/schema.js";
import { isWithinDepth } from "../util/depth.js";
import { UNPROVEN_MESSAGE_BYTES } from "../wire/channel.js";

/** A contract that one side says it implements. */
export interface Provided {
  /** The contract's. */
  readonly name: string;
  /** Its members, by name. */
  readonly members: Readonly<Record<string, ProvidedMember>>;
}
/**
 * What is known of one member. `input` and `output` are JSON Schemas (2020-12), where the contract has schemas that can give them. Both are of the
 * value as it crosses, for tools that know no contract: what a caller sends, and what the handler answers (or yields), before the
 * schema of the side that receives it has transformed it.
 */
export interface ProvidedMember {
  /** Which of the three it is. */
  readonly kind: "method" | "stream" | "notification";
  /** JSON Schema of its input. */
  readonly input?: object;
  /** JSON Schema of its result, or of each item. */
  readonly output?: object;
}

// The list travels in the hello's answer or in rpc.ready, among challenges, proofs and names.
const REST_BYTES = 4 * 1024;
// What stands around a schema is six levels deep, and a message may have 64.
const MAX_DEPTH = 32;

/**
 * What a side says of its implementations. The JSON Schemas are left out, all of them, where the list would not fit with them into
 * the 64 KiB of the message that carries it.
 * @param besideBytes What else of size is in that message.
 */
export function announceProvided(implementations: readonly ImplementationRecord[], besideBytes = 0): Provided[] {
  const described = announceWith(implementations, (schema) => schema && parsedSchema(schema));
  const bytes = Buffer.byteLength(JSON.stringify(described));
  return bytes + besideBytes + REST_BYTES <= UNPROVEN_MESSAGE_BYTES ? described : announceWith(implementations, () => undefined);
}

function announceWith(
  implementations: readonly ImplementationRecord[],
  describe: (schema: Schema | undefined) => object | undefined,
): Provided[] {
  const describeMember = (member: Member): ProvidedMember => {
    const { kind, input, output } = member as Member & { readonly output?: Schema };
    return withSchemas(kind, describe(input), describe(output));
  };
  return implementations.map(({ name, contract, handlers }) => {
    // One that is optional may have no handler.
    const members = Object.entries<Member>(contract.members).filter(([key]) => handlers.has(key));
    return { name, members: Object.fromEntries(members.map(([key, member]) => [key, describeMember(member)])) };
  });
}

function parsedSchema(schema: Schema): object | undefined {
  const text = jsonSchemaOf(schema);
  return text !== undefined && isWithinDepth(text, 0, text.length, MAX_DEPTH) ? (JSON.parse(text) as object) : undefined;
}

function withSchemas(kind: ProvidedMember["kind"], input: object | undefined, output: object | undefined): ProvidedMember {
  return { kind, ...(input && { input }), ...(output && { output }) };
}

/** Reads what the other side says, leaving out what is not understood. @throws {TypeError} If it is no list of contracts. */
export function readProvided(value: unknown): readonly Provided[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`"provides" is no list`);
  const entries = value.map((entry: { name?: unknown; members?: unknown } | null) => {
    if (typeof entry?.name !== "string" || typeof entry.members !== "object" || entry.members === null) {
      throw new TypeError(`"provides" holds something that is no {"name", "members"}`);
    }
    const members = Object.entries(entry.members as Record<string, unknown>).flatMap(([name, said]) => {
      const member = readMember(said);
      return member === undefined || !NAME_PATTERN.test(`${entry.name}.${name}`) ? [] : [[name, member] as const];
    });
    return { name: entry.name, members: Object.fromEntries(members) };
  });
  // What has another name can be neither defined nor called, and would stand in sentences of ours.
  return entries.filter(({ name }) => NAME_PATTERN.test(name));
}

function readMember(value: unknown): ProvidedMember | undefined {
  const { kind, input, output } = (value ?? {}) as { readonly kind?: unknown; readonly input?: unknown; readonly output?: unknown };
  return isKind(kind) ? withSchemas(kind, objectOf(input), objectOf(output)) : undefined;
}

function isKind(kind: unknown): kind is ProvidedMember["kind"] {
  return kind === "method" || kind === "stream" || kind === "notification";
}

function objectOf(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}
