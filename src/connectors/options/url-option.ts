import { mistake, type OptionsSource, option, REQUIRED } from "../../util/options/source.js";

/** Where to listen, or to connect to. */
export interface Place {
  readonly isSecure: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  /** As it was given. */
  readonly shown: string;
}

/** Reads `url`, whose scheme may be left out: it is `wss` with `tls`, and else `ws`. @throws {TypeError} */
export function readUrl(from: OptionsSource, tls: boolean | undefined): Place {
  const shown = option(
    from,
    "url",
    REQUIRED,
    (value): value is string => typeof value === "string" && value !== "",
    "a URL, as ws://127.0.0.1:4242",
  );
  const cannot = (why: string): TypeError => mistake(from, `${from.prefix}url is ${JSON.stringify(shown.slice(0, 200))}, and ${why}`);
  const url = parse(shown, tls === true);
  if (url === undefined) throw cannot("that is no URL");
  // It would be shown in errors, and this is nothing that can be sent.
  if (url.username !== "" || url.password !== "")
    throw mistake(from, `${from.prefix}url holds a user's name or a password, which has no place in it`);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw cannot("its scheme must be ws or wss");
  if (url.hash !== "") throw cannot("a WebSocket's URL has no fragment");
  const isSecure = url.protocol === "wss:";
  if (!isSecure && tls === true) throw cannot("with tls its scheme must be wss");
  const { hostname } = url;
  return {
    isSecure,
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    shown,
  };
}

function parse(text: string, tls: boolean): URL | undefined {
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${tls ? "wss" : "ws"}://${text}`);
  } catch {
    return undefined;
  }
}
