import { stepsOf } from "../../util/text/json-pointer.js";

/** A value that cannot be sent; `path` is a JSON Pointer to what keeps it from that. */
export class Unsendable extends Error {
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path === "" ? "it" : `what is at "${path}"`} ${problem}`, options);
    this.path = path;
  }

  /** The same path as its steps: members by name, entries of a list by number. */
  get steps(): (string | number)[] {
    return stepsOf(this.path);
  }
}
