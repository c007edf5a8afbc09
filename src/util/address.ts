/** Where a plugin listens. */
export type Address =
  | { readonly network: "tcp"; readonly host: string; readonly port: number }
  | { readonly network: "unix"; readonly path: string };

/** What a plugin listens on, as a host asks for it. */
export type TransportName = "tcp" | "unix" | "websocket";

/** Where the pipes of Windows are, by which it has what elsewhere are unix sockets: names, and no files. */
export const PIPES = "\\\\.\\pipe\\";

export function isPipe(path: string): boolean {
  return path.startsWith(PIPES);
}

/** What a unix socket's path may have in bytes, less the one that ends it. The system cuts a longer one, and means another file. */
export function longestSocketPath(): number {
  return process.platform === "linux" ? 107 : 103;
}

/** An address as people and announcements write it: `127.0.0.1:10000`, `[::1]:10000`, `/run/x/s`. */
export function formatAddress(address: Address): string {
  if (address.network === "unix") return address.path;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
