import { grants, names, object, oneOf, restart, type Schema, text } from "./schema-parts.js";

/** From the package's root, and staying in it. That it does is looked at apart from this: a pattern says it badly. */
const path = (description: string): Schema => ({
  type: "string",
  minLength: 1,
  maxLength: 1_024,
  description,
  $comment: "a path from the package's root",
});

const http = object(
  "What a gateway needs to know before the plugin is launched.",
  {
    prefix: {
      type: "string",
      pattern: "^/?[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*/?$",
      maxLength: 256,
      description: "Of the paths that it answers.",
      $comment: "the beginning of a URL's path, such as /shop",
    },
    scope: oneOf("One instance for all, one for each site, or one for each connection.", "host", "site", "connection"),
    protocols: names("WebSocket subprotocols that it speaks."),
    assets: path("A directory in the package whose files are served as they are."),
  },
  ["prefix"],
);

// @see https://semver.org, whose own pattern this is.
const VERSION =
  "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-((0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(\\+([0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*))?$";

const command: Schema = {
  anyOf: [
    { type: "string", minLength: 1, maxLength: 1_024 },
    { type: "array", minItems: 1, maxItems: 256, items: { type: "string", maxLength: 4_096 } },
  ],
  description: "What to run, from the package's root; with arguments a list.",
  $comment: "a file in the package, or a list of it and its arguments",
};

/** JSON Schema of `mortise.json`, which editors complete it by. What a schema cannot say, `check-manifest` does. */
export const MANIFEST_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "mortise.json: what a package says of its plugin",
  ...object(
    "What a package says of its plugin.",
    {
      $schema: { type: "string", description: "Of this schema, for editors.", $comment: "a text" },
      id: {
        type: "string",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        description: "What it goes by in a host. Not `host`.",
        $comment: "1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit",
      },
      name: text("For people.", 128),
      version: {
        type: "string",
        pattern: VERSION,
        maxLength: 64,
        description: "As semver has it.",
        $comment: "a version as semver has it, such as 1.2.3",
      },
      description: text("One sentence for people.", 2_000),
      author: text("Who made it.", 256),
      license: text("As SPDX has it, such as MIT.", 128),
      homepage: {
        type: "string",
        pattern: "^https?://[^\\s]+$",
        maxLength: 1_024,
        description: "Where to read about it.",
        $comment: "an http: or https: URL",
      },
      icon: path("A picture in the package."),
      mode: oneOf("Who runs it: the host, or somebody else, and it dials in.", "supervised", "external"),
      command,
      engines: {
        type: "object",
        maxProperties: 32,
        propertyNames: { minLength: 1, maxLength: 214 },
        additionalProperties: { type: "string", minLength: 1, maxLength: 256, $comment: "a range as semver has it, such as ^1.2" },
        description: "What it works with: mortise, and names of applications, each with a range.",
        $comment: "an object of names and ranges",
      },
      provides: names("Contracts that it provides: these can be dispensed before it has been active."),
      grants,
      settings: {
        type: "object",
        description: "JSON Schema 2020-12 of its settings. Values under writeOnly are secrets.",
        $comment: "a JSON Schema, as an object",
      },
      access: object(
        "Credentials that it may ask its host for.",
        { permissions: names("Handed to the host, which knows what they mean.") },
        ["permissions"],
      ),
      restart,
      activation: oneOf("Started with the host, or at the first call, event or action.", "start", "demand"),
      http,
    },
    ["id", "name", "version"],
  ),
};
