type Values = Readonly<Record<string, unknown>>;

/**
 * A configuration in the shape of one list of remote plugins, `{ port, clientTimeoutMs, plugins: [{ name, token, required, options }] }`, as
 * that of a host: `port` is where it listens, and a plugin with a `name` in place of an `id` is one that dials in. Another is as it was.
 */
export function fromSeedShape(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { port, plugins, ...rest } = config;
  const own = port === undefined ? rest : { ...rest, listen: { ...(isObject(rest["listen"]) ? rest["listen"] : {}), port } };
  if (plugins === undefined) return own;
  return { ...own, plugins: Array.isArray(plugins) ? plugins.map(pluginOf) : plugins };
}

function pluginOf(plugin: unknown): unknown {
  if (!isObject(plugin) || Object.hasOwn(plugin, "id") || !Object.hasOwn(plugin, "name")) return plugin;
  const { name, ...rest } = plugin;
  return { mode: "external", ...rest, id: name };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
