import { list } from "../util/options/lists.js";
import { mistake, type OptionsSource, option, REQUIRED } from "../util/options/source.js";
import type { ImplementationRecord } from "./implement.js";

/**
 * An option that is a list of what implement() made.
 * @throws {TypeError} It is none, holds something else, or two of one contract.
 */
export function readImplementations(from: OptionsSource, name: string): readonly ImplementationRecord[] {
  const records = list(from, name, "a list of implement(…) results", (at, place) =>
    option(at, place, REQUIRED, isImplementation, "made with implement()"),
  );
  const names = records.map((record) => record.name);
  const twice = names.find((each, index) => names.indexOf(each) < index);
  if (twice !== undefined) throw mistake(from, `${name} implements contract "${twice}" twice`);
  return records;
}

// By its form, and not by its class: another copy of the package may have made it.
function isImplementation(value: unknown): value is ImplementationRecord {
  const { name, handlers, contract } = (value ?? {}) as Partial<ImplementationRecord>;
  return typeof name === "string" && handlers instanceof Map && contract !== undefined;
}
