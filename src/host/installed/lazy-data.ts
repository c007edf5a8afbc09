import type { Clock } from "../../util/clock.js";
import type { TokenStore } from "../external/tokens.js";
import type { ResolvedHostOptions } from "../options/host-options.js";
import type { Plugins } from "../plugins.js";
import type { HostData } from "./host-data.js";

/** What a host keeps, opened and loaded when it is first needed: who has no `dataDir` pays nothing for it. */
export class LazyData {
  /** The tokens that it keeps, for who lets plugins in. */
  readonly tokens: TokenStore = { digestOf: async (id) => (await this.open())?.tokens.digestOf(id) };
  readonly #options: ResolvedHostOptions;
  readonly #plugins: Plugins;
  readonly #clock: Clock;
  #opened: Promise<HostData> | undefined;

  constructor(options: ResolvedHostOptions, plugins: Plugins, clock: Clock) {
    this.#options = options;
    this.#plugins = plugins;
    this.#clock = clock;
  }

  /** Undefined where nothing is kept. One that could not be opened is tried again. @throws {PluginError} */
  async open(): Promise<HostData | undefined> {
    const { dataDir } = this.#options;
    if (dataDir === undefined) return undefined;
    this.#opened ??= this.#load(dataDir).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** The same for who cannot do without. @param what What is attempted, as in `install a package`. @throws {TypeError} Nothing is kept. */
  async need(what: string): Promise<HostData> {
    const data = await this.open();
    if (data === undefined) throw new TypeError(`Cannot ${what}: this host keeps nothing\n  Give it a dataDir.`);
    return data;
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }

  async #load(dataDir: string): Promise<HostData> {
    const { HostData } = await import("./host-data.js");
    return HostData.open({ dataDir, host: this.#options, plugins: this.#plugins, clock: this.#clock });
  }
}
