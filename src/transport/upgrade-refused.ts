import { type IncomingHttpHeaders, STATUS_CODES } from "node:http";

/** A server answered the request for a WebSocket by something else. The message is the end of a sentence. */
export class UpgradeRefused extends Error {
  /** Of HTTP. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;

  constructor(status: number, headers: IncomingHttpHeaders) {
    super(`it refused the WebSocket with ${[status, STATUS_CODES[status]].join(" ").trimEnd()}`);
    this.status = status;
    this.headers = headers;
  }
}
