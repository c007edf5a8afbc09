import { list } from "../util/options/lists.js";
import { mistake, type OptionsSource, option, REQUIRED } from "../util/options/source.js";
import type { Implementation, ImplementationRecord, TopicImplementation } from "./implement.js";
import { isTopics } from "./topics.js";

/** What a side provides: contracts, and topics that it hears and answers. */
export interface Provides {
  readonly contracts: readonly ImplementationRecord[];
  readonly topics: readonly TopicImplementation[];
}

/**
 * An option that is a list of what implement() made.
 * @throws {TypeError} It is none, holds something else, or two of one contract or set of topics.
 */
export function readProvides(from: OptionsSource, name: string): Provides {
  const records = list(from, name, "a list of implement(…) results", (at, place) =>
    option(at, place, REQUIRED, isImplementation, "made with implement()"),
  );
  const contracts = records.filter((record): record is ImplementationRecord => "contract" in record);
  const topics = records.filter((record): record is TopicImplementation => "topics" in record);
  refuseTwins(from, name, "contract", contracts);
  refuseTwins(from, name, "topics", topics);
  return { contracts, topics };
}

/** The same where no bus could carry topics. @throws {TypeError} As readProvides(), and for topics. */
export function readImplementations(from: OptionsSource, name: string): readonly ImplementationRecord[] {
  const { contracts, topics } = readProvides(from, name);
  const [first] = topics;
  if (first === undefined) return contracts;
  throw mistake(from, `${name} implements the topics "${first.name}", which need the bus of a Host (mortise/host)`);
}

function refuseTwins(from: OptionsSource, name: string, kind: string, records: readonly Implementation[]): void {
  const names = records.map((record) => record.name);
  const twice = names.find((each, index) => names.indexOf(each) < index);
  if (twice !== undefined) throw mistake(from, `${name} implements ${kind} "${twice}" twice`);
}

// By its form, and not by its class: another copy of the package may have made it.
function isImplementation(value: unknown): value is ImplementationRecord | TopicImplementation {
  const { name, handlers, contract, topics } = (value ?? {}) as Partial<ImplementationRecord & TopicImplementation>;
  return typeof name === "string" && handlers instanceof Map && (contract !== undefined || isTopics(topics));
}
