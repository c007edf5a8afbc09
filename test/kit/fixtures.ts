import { fileURLToPath } from "node:url";
import { type Client, type ClientOptions, type Logger, NewClient } from "../../src/index.js";

/** The absolute path of a fixture plugin: `fixture("exits-before-announcing")`, or with its own ending, `fixture("noisy.py")`. */
export function fixture(name: string): string {
  const file = /\.[a-z]+$/.test(name) ? name : `${name}.mjs`;
  return fileURLToPath(new URL(`../fixtures/plugins/${file}`, import.meta.url));
}

/** A client for a fixture plugin; any port, so that test files do not meet. */
export function clientFor(name: string, options: Partial<ClientOptions> & { readonly args?: readonly string[] } = {}): Client {
  const { args = [], ...rest } = options;
  return NewClient({ command: [fixture(name), ...args], minPort: 0, maxPort: 0, ...rest });
}

/** Starts a fixture plugin. */
export async function startFixture(name: string, options: Parameters<typeof clientFor>[1] = {}): Promise<Client> {
  const client = clientFor(name, options);
  await client.start();
  return client;
}

/** What a promise rejects with; fails if it resolves. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  const value = await Promise.resolve(promise).then(
    (resolved) => ({ resolved }),
    (error: unknown) => ({ error }),
  );
  if ("error" in value) return value.error as Error & Record<string, unknown>;
  throw new Error(`It resolved with ${JSON.stringify(value.resolved)}`);
}

/** A logger that remembers. */
export function memoryLogger(): Logger & {
  readonly records: { level: string; message: string; fields: object | undefined }[];
  readonly text: string;
} {
  const records: { level: string; message: string; fields: object | undefined }[] = [];
  const log = (level: string) => (message: string, fields?: object) => void records.push({ level, message, fields });
  return {
    records,
    get text() {
      return records.map(({ message }) => message).join("\n");
    },
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
  };
}
