import { namesIn } from "../../util/options/names.js";
import { mistake, nested, type OptionsSource, option, REQUIRED } from "../../util/options/source.js";

/** A server's certificate. Each is a file's path, or the PEM itself. */
export interface ServerTls {
  /** Certificate, with those that lead to its authority. */
  readonly cert: string;
  /** Its key. */
  readonly key: string;
  /** Authorities of clients: one without a certificate of theirs is turned away. @default none is asked for */
  readonly cafile?: string | undefined;
}

/** How a client checks the server, and what it shows. Each is a file's path, or the PEM itself. */
export interface ClientTls {
  /** Authorities, or the server's own certificate. @default those that Node.js trusts, NODE_EXTRA_CA_CERTS included */
  readonly cafile?: string | undefined;
  /** The name that the server's certificate has. @default the URL's host */
  readonly domain?: string | undefined;
  /** Shown to a server that asks for one. @default none */
  readonly cert?: string | undefined;
  /** Its key. @default none */
  readonly key?: string | undefined;
}

const SERVER = namesIn("cert key cafile");
const CLIENT = namesIn("cafile domain cert key");
const WANTED = "a file's path, or PEM";

/** Reads a server's `tls`. @throws {TypeError} */
export function readServerTls(from: OptionsSource): ServerTls | undefined {
  if (from.values["tls"] === undefined) return undefined;
  const tls = nested(from, "tls", SERVER);
  return {
    cert: option(tls, "cert", REQUIRED, isText, WANTED),
    key: option(tls, "key", REQUIRED, isText, WANTED),
    cafile: option(tls, "cafile", undefined, isText, WANTED),
  };
}

/** Reads a client's `tls`: true is that with all its defaults. @throws {TypeError} */
export function readClientTls(from: OptionsSource): ClientTls | false | undefined {
  const given = from.values["tls"];
  if (given === undefined || given === false) return given;
  if (given === true) return {};
  const tls = nested(from, "tls", CLIENT, `true, false, or an object with ${[...CLIENT].join(", ")}`);
  const cert = option(tls, "cert", undefined, isText, WANTED);
  const key = option(tls, "key", undefined, isText, WANTED);
  if ((cert === undefined) !== (key === undefined))
    throw mistake(from, `${tls.prefix}cert and ${tls.prefix}key go together, and one of them is missing`);
  return {
    cafile: option(tls, "cafile", undefined, isText, WANTED),
    domain: option(tls, "domain", undefined, isText, "a name"),
    cert,
    key,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
