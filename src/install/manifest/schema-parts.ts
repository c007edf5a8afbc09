/** A part of a JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

// What a value must be stands in $comment, as the end of a sentence; `description` is what editors show.
export const text = (description: string, maxLength: number): Schema => ({
  type: "string",
  minLength: 1,
  maxLength,
  description,
  $comment: `a text of 1 to ${maxLength} characters`,
});
export const names = (description: string): Schema => ({
  type: "array",
  maxItems: 256,
  uniqueItems: true,
  items: { type: "string", minLength: 1, maxLength: 256, $comment: "a name of 1 to 256 characters" },
  description,
  $comment: "a list of names, none of them twice",
});
export const ms = (description: string): Schema => ({
  type: "number",
  exclusiveMinimum: 0,
  maximum: 2 ** 31 - 1,
  description: `${description}, in milliseconds.`,
  $comment: "a number of milliseconds above 0",
});
export const oneOf = (description: string, ...values: readonly string[]): Schema => ({
  enum: values,
  description,
  $comment: values.map((value) => JSON.stringify(value)).join(" or "),
});
export const object = (description: string, properties: Schema, required: readonly string[] = []): Schema => ({
  type: "object",
  additionalProperties: false,
  properties,
  required,
  description,
  $comment: `an object with ${Object.keys(properties).join(", ")}`,
});

export const grants: Schema = object("What it may call, hear and say: names, with * at the end for any.", {
  contracts: names("Contracts of the host."),
  events: names("Events to hear and emit."),
  actions: names("Actions to ask and answer."),
  hooks: names("Hooks to join and run."),
  http: { type: "boolean", description: "Requests of the gateway.", $comment: "true or false" },
});

export const restart: Schema = object("How it is started anew when it has ended.", {
  initialMs: ms("Before the first restart"),
  factor: { type: "number", minimum: 1, description: "What each delay is of the one before.", $comment: "a number from 1" },
  maxMs: ms("No delay is longer"),
  jitter: { type: "number", minimum: 0, maximum: 1, description: "The share that is random.", $comment: "a number from 0 to 1" },
  maxAttempts: { type: "integer", minimum: 0, description: "Restarts in a row.", $comment: "a whole number from 0" },
  resetAfterMs: ms("Having been active for so long, the count begins anew"),
  on: oneOf("After which ends: `failure` is not after exit code 0.", "always", "failure"),
  thenEveryMs: ms("Once it is errored, it is tried again this often"),
});
