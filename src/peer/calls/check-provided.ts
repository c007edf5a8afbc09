import { type Contract, isOptional, type Member } from "../../contract/contract.js";
import { PluginError } from "../../errors.js";
import type { Provided, ProvidedMember } from "../provided.js";

/** As many as fit a sentence. */
const MAX_NAMES = 20;

/**
 * Checks that the other side provides a contract as this side has it. Optional members may be lacking.
 * @throws {PluginError} `NOT_PROVIDED` If it lacks the contract or a member, or has one of another kind.
 */
export function checkProvided(contract: Contract, provided: readonly Provided[], other: string): void {
  const lacking = whyNotProvided(contract, provided);
  if (lacking !== undefined) throw new PluginError("NOT_PROVIDED", `Cannot dispense "${contract.name}": ${other} ${lacking}`);
}

/** What of a contract the other side lacks, as the end of a sentence; undefined if it has it all. */
export function whyNotProvided(contract: Contract, provided: readonly Provided[]): string | undefined {
  const offer = offerOf(contract, provided);
  if (offer === undefined) return `does not provide it; it provides ${listOf(provided)}`;
  for (const [name, member] of Object.entries<Member>(contract.members)) {
    const { kind } = member;
    const offered = memberOf(offer, name);
    if (offered === undefined && !isOptional(member)) return `provides that contract without its ${kind} "${name}"`;
    if (offered !== undefined && offered.kind !== kind) {
      return `provides "${name}" as a ${offered.kind}, and this side takes it for a ${kind}`;
    }
  }
  return undefined;
}

/** The names of the members of a contract that the other side has. */
export function providedMembers(contract: Contract, provided: readonly Provided[]): ReadonlySet<string> {
  const offer = offerOf(contract, provided);
  return new Set(Object.keys(contract.members).filter((name) => offer !== undefined && memberOf(offer, name) !== undefined));
}

function offerOf(contract: Contract, provided: readonly Provided[]): Provided | undefined {
  return provided.find(({ name }) => name === contract.name);
}

function memberOf({ members }: Provided, name: string): ProvidedMember | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function listOf(provided: readonly Provided[]): string {
  const names = provided.slice(0, MAX_NAMES).map(({ name }) => `"${name}"`);
  if (names.length === 0) return "nothing";
  return `${names.join(", ")}${provided.length > MAX_NAMES ? ` and ${provided.length - MAX_NAMES} more` : ""}`;
}
