import type { Member } from "../contract/contract.js";
import type { ImplementationRecord } from "../contract/implement.js";

/** A contract that one side says it implements. */
export interface Provided {
  readonly name: string;
  readonly members: Readonly<Record<string, ProvidedMember>>;
}
export interface ProvidedMember {
  readonly kind: "method" | "stream" | "notification";
  /** JSON Schemas (2020-12), where the contract has schemas that can give them. */
  readonly input?: object;
  readonly output?: object;
}

/** What a side says of its implementations. */
export function announceProvided(implementations: readonly ImplementationRecord[]): Provided[] {
  return implementations.map(({ name, contract }) => ({
    name,
    members: Object.fromEntries(Object.entries<Member>(contract.members).map(([member, { kind }]) => [member, { kind }])),
  }));
}

/** Reads what the other side says, leaving out what is not understood. @throws {TypeError} If it is no list of contracts. */
export function readProvided(value: unknown): readonly Provided[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`"provides" is no list`);
  return value.map((entry: { name?: unknown; members?: unknown } | null) => {
    if (typeof entry?.name !== "string" || typeof entry.members !== "object" || entry.members === null) {
      throw new TypeError(`"provides" holds something that is no {"name", "members"}`);
    }
    const members = Object.entries(entry.members as Record<string, { kind?: unknown } | null>).filter(([, member]) => isKind(member?.kind));
    return { name: entry.name, members: Object.fromEntries(members) as Provided["members"] };
  });
}

function isKind(kind: unknown): boolean {
  return kind === "method" || kind === "stream" || kind === "notification";
}
