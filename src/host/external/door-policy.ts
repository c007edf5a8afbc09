import type { IncomingMessage } from "node:http";
import type { UpgradePolicy, UpgradeRefusal } from "../../transport/upgrade-policy.js";
import type { Failures } from "./failures.js";
import type { ResolvedListen } from "./listen-options.js";
import type { WaitingRoom } from "./waiting-room.js";

export interface DoorPolicyOptions {
  readonly listen: Pick<ResolvedListen, "origins">;
  /** Names of this machine that a request may be for. @default any */
  readonly hosts?: readonly string[] | undefined;
  readonly room: WaitingRoom;
  readonly failures: Failures;
  /** The host takes nobody in any more. */
  isClosed(): boolean;
}

/** The header by which a plugin may name itself before anything is said. */
const PLUGIN_ID = "plugin-id";
const SECRET_NAME = /token|secret|password|authorization|api_?key/i;

/** Which requests become WebSockets, and how the others are answered. */
export function doorPolicy({ listen, hosts, room, failures, isClosed }: DoorPolicyOptions): UpgradePolicy {
  return {
    origins: listen.origins,
    hosts,
    refuse(request): UpgradeRefusal | undefined {
      if (isClosed()) return { status: 503, headers: { "retry-after": "1" } };
      if (hasSecretInQuery(request)) return { status: 400, body: "A token never stands in the URL.\n" };
      const id = request.headers[PLUGIN_ID];
      const waitMs = typeof id === "string" ? failures.waitMs(id) : 0;
      if (waitMs > 0) return { status: 429, headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) } };
      return room.hasRoom() ? undefined : { status: 503, headers: { "retry-after": "1" } };
    },
  };
}

/** The names by which this machine's own programs reach a loopback address; undefined for any other, whose names are not known here. */
export function namesOfLoopback(host: string): readonly string[] | undefined {
  const isLoopback = host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
  return isLoopback ? ["localhost", "127.0.0.1", "[::1]", host] : undefined;
}

/** The token that `Authorization: Bearer` carries. */
export function bearerOf(request: IncomingMessage | undefined): string | undefined {
  return /^Bearer +(.*\S) *$/i.exec(request?.headers.authorization ?? "")?.[1];
}

function hasSecretInQuery({ url = "/" }: IncomingMessage): boolean {
  const query = url.split("?").slice(1).join("?");
  return [...new URLSearchParams(query).keys()].some((name) => SECRET_NAME.test(name));
}
