type EnvKey = "protocolVersions" | "transport" | "minPort" | "maxPort" | "unixSocketDir" | "secret" | "clientCert" | "lifeline" | "depth";

/** The variables by which a host tells a plugin how to start. The `PLUGIN_` family is go-plugin's. */
export const EnvName: { readonly [K in EnvKey]: string } = {
  protocolVersions: "PLUGIN_PROTOCOL_VERSIONS",
  transport: "PLUGIN_TRANSPORT",
  minPort: "PLUGIN_MIN_PORT",
  maxPort: "PLUGIN_MAX_PORT",
  unixSocketDir: "PLUGIN_UNIX_SOCKET_DIR",
  secret: "PLUGIN_SECRET",
  clientCert: "PLUGIN_CLIENT_CERT",
  lifeline: "PLUGIN_LIFELINE",
  depth: "PLUGIN_DEPTH",
};

/** A person's own: `1` lets a plugin that nobody started serve on its own. No host sets it. */
export const STANDALONE = "MORTISE_STANDALONE";

/** A person's own: where V8's form of a plugin's code is kept, an absolute path, or `0` for nowhere. No host sets it. */
export const COMPILE_CACHE = "MORTISE_COMPILE_CACHE";

const NAMES: ReadonlySet<string> = /* @__PURE__ */ new Set(Object.values(EnvName));

/** Says whether a variable is one by which hosts tell plugins how to start. */
export function isEnvName(name: string): boolean {
  return NAMES.has(name);
}
