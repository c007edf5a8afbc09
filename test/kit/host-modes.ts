import { spawn } from "node:child_process";
import { once } from "node:events";
import { Host, type HostOptions, type PluginSpec } from "../../src/host/index.js";
import { action, defineContract, defineTopics, event, hook, implement, method, notification, stream } from "../../src/index.js";
import { fixture, memoryLogger } from "./fixtures.js";

/** What test/fixtures/plugins/suite-provides.mjs implements, with its types. */
export const suite = defineContract("suite", {
  echo: method<unknown, unknown>(),
  later: method<{ value: unknown; ms: number }, unknown>(),
  fail: method<{ message: string; code?: string }, void>(),
  never: method<string, void>(),
  count: stream<{ to: number }, number>(),
  note: notification<unknown>(),
  notes: method<void, unknown[]>(),
  callBack: method<{ times: number; onProgress: (n: number) => void }, number>(),
  sum: method<{ numbers: AsyncIterable<number> }, number>(),
  bytes: method<{ bytes: Uint8Array }, { bytes: Uint8Array; length: number }>(),
  askHost: method<unknown, unknown>(),
  reenter: method<unknown, unknown>(),
  emit: method<{ topic: string; payload?: unknown }, void>(),
  run: method<{ topic: string; input?: unknown; all?: boolean; timeoutMs?: number }, unknown>(),
  pipe: method<{ topic: string; value: unknown }, unknown>(),
  heard: method<void, { payload: unknown; id: string; source: string; isDate: boolean }[]>(),
  aborted: method<void, unknown[]>(),
  config: method<void, unknown>(),
  exit: method<number, void>(),
  pid: method<void, number>(),
  setHealth: method<{ ok: boolean; message?: string }, void>(),
  eat: method<void, void>(),
});
export const helper = defineContract("helper", { help: method<unknown, unknown>(), forbidden: method<void, void>() });
export const topics = defineTopics("suite", {
  told: event<unknown>(),
  other: event<unknown>(),
  ask: action<any, any>(),
  undeclared: action<void, void>(),
  pass: hook<any>(),
});

/** How the same plugin is run. */
export interface Mode {
  readonly name: string;
  /** @param name What it calls itself in its answers. */
  spec(id: string, extra?: object): Promise<PluginSpec>;
  /** Makes the host ready, and has its plugins come to it where it does not start them. Resolves with the way to end those. */
  ready(host: Host<typeof topics>): Promise<() => Promise<void>>;
}

async function startedByHost(host: Host<typeof topics>): Promise<() => Promise<void>> {
  await host.ready();
  return async () => {};
}

type SuiteModule = { suitePlugin(): { readonly provides: never; readonly configure: never } };

export const SUPERVISED: Mode = {
  name: "supervised",
  spec: async (id, extra) => ({ id, mode: "supervised", command: fixture("suite"), minPort: 0, maxPort: 0, ...extra }) as PluginSpec,
  ready: startedByHost,
};
export const INLINE: Mode = {
  name: "inline",
  async spec(id, extra) {
    const { suitePlugin } = (await import(fixture("suite-provides") as string)) as SuiteModule;
    return { id, mode: "inline", ...suitePlugin(), ...extra } as PluginSpec;
  },
  ready: startedByHost,
};
const TOKEN = "open sesame";
export const EXTERNAL: Mode = {
  name: "external",
  spec: async (id, extra) => ({ id, mode: "external", token: TOKEN, required: false, ...extra }) as PluginSpec,
  async ready(host) {
    const { url } = await host.ready();
    const ids = host.getSessions().flatMap(({ id, mode }) => (mode === "external" ? [id] : []));
    const processes = ids.map((id) => {
      const args = [fixture("suite-external") as string, url as string, id, TOKEN];
      return spawn(process.execPath, args, { stdio: ["pipe", "inherit", "ignore"] });
    });
    // dispense() waits for one that is about to come.
    for await (const { pluginId, to } of host.changes()) {
      if (to === "active") ids.splice(ids.indexOf(pluginId), 1);
      if (ids.length === 0) break;
    }
    return async () => {
      const ended = processes.map((each) => each.exitCode ?? once(each, "exit"));
      for (const each of processes) each.stdin?.end();
      await Promise.all(ended);
    };
  },
};
export const MODES: readonly Mode[] = [SUPERVISED, INLINE, EXTERNAL];

/** A host with a helper that its plugins may call, and a logger that remembers. */
export function hostWith(plugins: readonly PluginSpec[], options: Partial<HostOptions<typeof topics>> = {}) {
  const logger = memoryLogger();
  const helped: { input: unknown; plugin: string | undefined }[] = [];
  const host: Host<typeof topics> = new Host({
    topics,
    logger,
    listen: { port: 0 },
    plugins: plugins.map((plugin) => ({ required: true, ...plugin }) as PluginSpec),
    provides: [
      implement(helper, {
        async help(input, { plugin }) {
          helped.push({ input, plugin: plugin?.id });
          // Re-entrant: the plugin waits for this call, and is called meanwhile.
          if (typeof input === "object" && input !== null && "through" in input) {
            const { echo } = await host.getSession(plugin?.id as string).dispense(suite);
            return echo({ back: input.through });
          }
          return { helped: input, plugin: plugin?.id };
        },
        forbidden: () => {},
      }),
    ],
    ...options,
  });
  return { host, logger, helped };
}
