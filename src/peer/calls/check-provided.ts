import type { Contract, Member } from "../../contract/contract.js";
import { PluginError } from "../../errors.js";
import type { Provided } from "../provided.js";

/**
 * Checks that the other side provides a contract as this side has it.
 * @throws {PluginError} `NOT_PROVIDED` If it lacks the contract or a member, or has one of another kind.
 */
export function checkProvided(contract: Contract, provided: readonly Provided[], other: string): void {
  const refuse = (what: string): never => {
    throw new PluginError("NOT_PROVIDED", `Cannot dispense "${contract.name}": ${other} ${what}`);
  };
  const offer = provided.find(({ name }) => name === contract.name);
  if (offer === undefined) {
    const names = provided.map(({ name }) => `"${name}"`).join(", ");
    return refuse(`does not provide it; it provides ${names === "" ? "nothing" : names}`);
  }
  for (const [name, { kind }] of Object.entries<Member>(contract.members)) {
    const offered = Object.hasOwn(offer.members, name) ? offer.members[name] : undefined;
    if (offered === undefined) refuse(`provides that contract without its ${kind} "${name}"`);
    else if (offered.kind !== kind) refuse(`provides "${name}" as a ${offered.kind}, and this side takes it for a ${kind}`);
  }
}
