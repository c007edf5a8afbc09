import { grants, ms, names, object, oneOf, restart, type Schema, text } from "../../install/manifest/schema-parts.js";

const flag = (description: string): Schema => ({ type: "boolean", description, $comment: "true or false" });
const whole = (description: string, minimum: number, maximum = Number.MAX_SAFE_INTEGER): Schema => ({
  type: "integer",
  minimum,
  maximum,
  description,
  $comment: `a whole number from ${minimum}${maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`}`,
});
const anyOf = (description: string, wanted: string, ...branches: readonly Schema[]): Schema => ({
  anyOf: branches,
  description,
  $comment: wanted,
});
const off = (schema: Schema): Schema => ({ ...schema, type: ["object", "boolean"], $comment: `false, or ${String(schema["$comment"])}` });
const anything = (description: string): Schema => ({ description });

const COMMON = {
  id: {
    type: "string",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
    not: { const: "host" },
    description: "What it goes by.",
    $comment: 'an id: 1 to 128 letters, digits, dots, underscores or dashes, beginning with a letter or digit, and not "host"',
  },
  required: flag("Whether the host is ready only with it."),
  options: anything("Handed to the plugin's configure."),
  active: flag("Whether it is wanted at first."),
  needs: names("Ids of plugins that must be active before it."),
  order: { type: "number", description: "Place among the handlers of a hook.", $comment: "a number" },
  grants,
};
const versions = {
  type: "array",
  items: { type: "integer", minimum: 0, $comment: "a whole number from 0" },
  description: "Versions of the application's contract.",
  $comment: "a list of versions",
};
const limits = (description: string, ...properties: readonly string[]): Schema =>
  object(description, Object.fromEntries(properties.map((name) => [name, whole("", 1)])));

const supervised = object(
  "A plugin that this host runs.",
  {
    ...COMMON,
    // Which it may be is said once for both kinds.
    mode: {},
    command: anyOf(
      "What to run, from the directory of this file; with arguments a list.",
      "a file or program, or a list of it and its arguments",
      { type: "string", minLength: 1 },
      { type: "array", minItems: 1, items: { type: "string" } },
    ),
    interpreter: anyOf(
      "The program that runs its file; with arguments a list.",
      "a program, or a list of it and its arguments",
      { type: "string", minLength: 1 },
      { type: "array", minItems: 1, items: { type: "string" } },
    ),
    execArgv: { type: "array", items: { type: "string" }, description: "Options of that program.", $comment: "a list of texts" },
    restart: off(restart),
    health: off(
      object("How often it is asked whether it is well.", {
        everyMs: ms("Between two questions"),
        timeoutMs: ms("How long an answer may take"),
        unhealthyAfter: whole("So many bad answers in a row, and it is restarted.", 1),
      }),
    ),
    instances: whole("How many processes serve it.", 1, 1_000),
    standby: flag("Keep a started, idle process."),
    activation: oneOf("Started with the host, or at its first use.", "start", "demand"),
    idleStopMs: ms("Stopped after so long without use"),
    apiVersions: versions,
    transport: oneOf("How host and plugin talk.", "tcp", "unix", "websocket"),
    minPort: whole("Of the ports that it may take.", 0, 65_535),
    maxPort: whole("Of the ports that it may take.", 0, 65_535),
    tls: { const: "auto", description: "One-time certificates.", $comment: '"auto"' },
    cwd: text("Where it runs, from the directory of this file.", 4_096),
    env: {
      type: "object",
      additionalProperties: { type: "string", $comment: "a text" },
      description: "Variables of its environment.",
      $comment: "an object of texts",
    },
    inheritEnv: anyOf(
      "Which variables it has of the host's.",
      "true, false or a list of names",
      { type: "boolean" },
      { type: "array", items: { type: "string" } },
    ),
    checksum: anything("What its file must be."),
    socketGroup: anyOf("Who else may reach its socket.", "a group", { type: "string" }, { type: "integer" }),
    startTimeoutMs: ms("How long it may take to start"),
    callTimeoutMs: ms("For calls without their own"),
    killTimeoutMs: ms("Between SIGTERM and SIGKILL"),
    limits: { type: "object", description: "What a connection may cost.", $comment: "an object" },
    heartbeat: anything("How its connection is watched."),
    validate: flag("Whether schemas are checked on this side."),
    values: oneOf("What JSON would change: refused, or changed.", "strict", "json"),
    handshake: anything("Cookie of an application of its own."),
  },
  ["id", "command"],
);
const external = object(
  "A plugin that dials in.",
  {
    ...COMMON,
    mode: { const: "external" },
    token: text("What it shows.", 4_096),
    apiVersions: versions,
  },
  ["id"],
);

/** That a plugin is an object is said once for both kinds. */
function untyped({ type: _, ...schema }: Schema): Schema {
  return schema;
}

/** JSON Schema of `mortise.config.json`, which editors complete it by. */
export const CONFIG_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "mortise.config.json: a host and its plugins",
  ...object("A host and its plugins.", {
    $schema: { type: "string", description: "Of this schema, for editors.", $comment: "a text" },
    app: object("Who this program is.", { name: text("Its name.", 214), version: text("Its version.", 64) }, ["name", "version"]),
    plugins: {
      type: "array",
      items: {
        type: "object",
        properties: { mode: oneOf("Who runs it.", "supervised", "external") },
        if: { properties: { mode: { const: "external" } }, required: ["mode"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        then: untyped(external),
        else: untyped(supervised),
        $comment: "an object that says how a plugin is run",
      },
      description: "Plugins of this host.",
      $comment: "a list of plugins",
    },
    readyTimeoutMs: ms("How long required plugins are awaited"),
    closeTimeoutMs: ms("How long the end of plugins may take"),
    callTimeoutMs: ms("For calls without their own"),
    clientTimeoutMs: ms("How long required plugins are awaited that dial in"),
    listen: off(
      object("Where plugins dial in.", {
        host: text("Name or address.", 255),
        port: whole("0 for any.", 0, 65_535),
        backlog: whole("Connections that the system keeps.", 1, 65_535),
        allowUnknown: flag("Take in plugins that are not named here."),
        origins: names("Origins of web pages that may dial in."),
        exposeErrors: flag("Tell who is refused why."),
      }),
    ),
    runtimeProvider: text("How plugins are run: local, none, or a name of the program's own.", 128),
    dataDir: text("Where it keeps what is installed, from the directory of this file.", 4_096),
    packageLimits: limits(
      "How large a package may be.",
      "maxEntries",
      "maxArchiveBytes",
      "maxTotalBytes",
      "maxFileBytes",
      "maxRatio",
      "maxDepth",
      "maxNameBytes",
    ),
    logLimits: limits("How much of each log is kept.", "maxFileBytes", "maxFiles"),
  }),
};
