/** Where a plugin listens. */
export type Address =
  | { readonly network: "tcp"; readonly host: string; readonly port: number }
  | { readonly network: "unix"; readonly path: string };

/** What a plugin listens on, as a host asks for it. */
export type TransportName = "tcp" | "unix" | "websocket";

/** An address as people and announcements write it: `127.0.0.1:10000`, `[::1]:10000`, `/run/x/s`. */
export function formatAddress(address: Address): string {
  if (address.network === "unix") return address.path;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
