import { type IncomingMessage, STATUS_CODES, validateHeaderName, validateHeaderValue } from "node:http";
import type { Duplex } from "node:stream";

/** Which requests become WebSockets. */
export interface UpgradePolicy {
  /** Origins of pages that may connect, as in `https://example.org`. Only browsers send one. @default none */
  readonly origins?: readonly string[] | undefined;
  /** Values of `Host` that are taken: a name at any port, or a name and its port. @default all */
  readonly hosts?: readonly string[] | undefined;
  /** The path, without a query. @default any */
  readonly path?: string | undefined;
  /** Subprotocols that are spoken, best first. A request that offers some, and none of these, is refused. @default the first offered */
  readonly protocols?: readonly string[] | undefined;
  /** Asked last, before the upgrade. Where it throws or rejects, the request is refused with 500. @default none is refused */
  readonly refuse?: ((request: IncomingMessage) => MaybeRefusal) | undefined;
}

/** How a request is answered that does not become a WebSocket. */
export interface UpgradeRefusal {
  /** Of HTTP: 400 to 599. */
  readonly status: number;
  /** As in `{ "retry-after": "60" }`. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Plain text. @default none */
  readonly body?: string | undefined;
}

type MaybeRefusal = UpgradeRefusal | undefined | PromiseLike<UpgradeRefusal | undefined>;

/** What is wrong with a request; undefined if nothing is. Answers at once where the policy does. */
export function refusalOf(request: IncomingMessage, policy: UpgradePolicy): MaybeRefusal {
  const { origin, host } = request.headers;
  if (origin !== undefined && policy.origins?.includes(origin) !== true) return { status: 403 };
  if (policy.hosts !== undefined && !isHostOf(policy.hosts, host)) return { status: 403 };
  if (policy.path !== undefined && pathOf(request) !== policy.path) return { status: 404 };
  if (policy.protocols !== undefined && offersOthers(request, policy.protocols)) return { status: 400 };
  return policy.refuse?.(request);
}

/** The best subprotocol that the other side offers, too; false if there is none. */
export function chooseProtocol(offered: ReadonlySet<string>, protocols: readonly string[] | undefined): string | false {
  for (const protocol of protocols ?? offered) if (offered.has(protocol)) return protocol;
  return false;
}

/** Answers a request on its socket, which it ends. */
export function answerRefused(socket: Duplex, { status, headers = {}, body = "" }: UpgradeRefusal): void {
  const length = String(Buffer.byteLength(body));
  const all = { ...(body === "" ? {} : { "content-type": "text/plain" }), ...headers, connection: "close", "content-length": length };
  for (const [name, value] of Object.entries(all)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}\r\n${lines.join("")}\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function isHostOf(hosts: readonly string[], given = ""): boolean {
  const host = given.toLowerCase();
  const name = host.replace(/:\d+$/, "");
  return hosts.some((each) => [host, name].includes(each.toLowerCase()));
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] as string;
}

function offersOthers(request: IncomingMessage, protocols: readonly string[]): boolean {
  const offered = request.headers["sec-websocket-protocol"];
  return offered !== undefined && chooseProtocol(new Set(offered.split(",").map((name) => name.trim())), protocols) === false;
}
