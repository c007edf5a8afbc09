import { type Clock, systemClock } from "../util/clock.js";
import type { Logger } from "../util/logger.js";
import { processWide } from "../util/process-wide.js";

const LOOK_MS = 10_000;
// Of a child process, its pipes and the connection to it.
const OURS: ReadonlySet<string> = new Set(["ProcessWrap", "PipeWrap", "TCPSocketWrap"]);
// Three pipes, one for a stdin, the process and the connection.
const MOST_EACH = 6;

/** A client whose plugin is ready. */
export interface OpenClient {
  readonly logger: Logger;
  /** It keeps the program running, and does nothing. */
  isIdle(): boolean;
}

/** Finds out, once, that nothing but idle plugins keeps a program running, and says so: most often somebody forgot to end them. */
export class Forgotten {
  readonly #clock: Pick<Clock, "after">;
  readonly #resources: () => readonly string[];
  readonly #open = new Set<OpenClient>();
  #stop: (() => void) | undefined;
  #told = false;

  /** @param resources What keeps the program running, by Node.js's names. */
  constructor(clock: Pick<Clock, "after">, resources: () => readonly string[]) {
    this.#clock = clock;
    this.#resources = resources;
  }

  watch(client: OpenClient): () => void {
    this.#open.add(client);
    if (this.#open.size === 1 && !this.#told) this.#wait();
    return () => {
      this.#open.delete(client);
      if (this.#open.size === 0) this.#stop?.();
    };
  }

  #wait(): void {
    this.#stop = this.#clock.after(LOOK_MS, () => {
      if (this.#isForgotten()) this.#tell();
      else this.#wait();
    });
  }

  #isForgotten(): boolean {
    const resources = this.#resources();
    const processes = resources.filter((name) => name === "ProcessWrap").length;
    return (
      processes === this.#open.size &&
      resources.length <= MOST_EACH * processes &&
      resources.every((name) => OURS.has(name)) &&
      [...this.#open].every((client) => client.isIdle())
    );
  }

  #tell(): void {
    this.#told = true;
    const [{ logger }] = this.#open as unknown as [OpenClient];
    const plugins = this.#open.size === 1 ? "one plugin" : `${this.#open.size} plugins`;
    logger.debug(
      `Nothing but ${plugins}, open and idle, keeps this program running: kill() ends a plugin, and unref() lets the program end`,
    );
  }
}

const forgotten: Pick<Forgotten, "watch"> = processWide(
  "forgotten/1",
  () => new Forgotten(systemClock, () => process.getActiveResourcesInfo?.() ?? []),
);

/** Watches a client from when it is ready. Returns the way to stop that. */
export function watchForgotten(client: OpenClient): () => void {
  return forgotten.watch(client);
}
