import type { Announcement } from "../handshake/announcement.js";
import { openJsonRpcLink } from "./json-rpc-link.js";
import type { LinkRequest, OpenLink, UnprovenLink } from "./plugin-link.js";

/** How a link is opened, by the protocol that the plugin announced. */
const LINKS: Readonly<Record<Announcement["protocol"], OpenLink>> = {
  jsonrpc: openJsonRpcLink,
  "jsonrpc+ws": openJsonRpcLink,
};

/** Opens a link to a plugin in the protocol that it announced. @throws {Error} With the end of a sentence. */
export function openLink(request: LinkRequest): Promise<UnprovenLink> {
  return LINKS[request.protocol](request);
}
