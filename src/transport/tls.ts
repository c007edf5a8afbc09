import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, createSecureContext, createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { PluginError } from "../errors.js";
import { clearTimeout, setTimeout } from "../util/timers.js";

/** The certificate that one side shows in TLS, and the certificates that it accepts. */
export interface TlsOptions {
  /** This side's certificate and key; where nothing is pinned, also the authorities by which the other side's is checked. */
  readonly context: SecureContextOptions;
  /** The other side's certificate, DER. Nothing else is accepted. */
  readonly pinned: Buffer | undefined;
}

/** The same for the side that dials. */
export interface DialTls extends TlsOptions {
  /** The other side's certificate must have one of these names, unless it is pinned. The first that is no address is asked for. */
  readonly names: readonly string[];
}

export interface TlsAttempt {
  readonly timeoutMs: number;
  /** Called at once, so that nothing the socket tells is missed. */
  onSecure(socket: TLSSocket): void;
  onError(error: Error): void;
}

const SELF_SIGNED = "its certificate is self-signed, and is none of those in ca";
const FOREIGN = "its certificate was signed by an authority that is not in ca";
/** The same where no authorities were given. */
const WITHOUT_CA = new Map([
  [SELF_SIGNED, "its certificate is self-signed, and Node.js does not trust it"],
  [FOREIGN, "its certificate was signed by an authority that Node.js does not trust"],
]);
/** What OpenSSL and Node.js call it, and what it means here. */
const REFUSALS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: FOREIGN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: FOREIGN,
  CERT_SIGNATURE_FAILURE: FOREIGN,
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name than NAMES",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS there",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks no version of TLS that is new enough",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it speaks no version of TLS that is new enough",
};

/**
 * Tries what was given for TLS before anything is started with it.
 * @throws {Error} The library's own error.
 */
export function checkContext(context: SecureContextOptions): void {
  createSecureContext(atLeastTls12(context));
}

/** Begins TLS on a connected socket, as the side that dialled. */
export function startTls(socket: Socket, tls: DialTls, { timeoutMs, onSecure, onError }: TlsAttempt): void {
  const { pinned } = tls;
  const secured = secure(socket, tls);
  const fail = (error: Error): void => {
    clearTimeout(timer);
    secured.destroy();
    onError(error);
  };
  const timer = setTimeout(
    () => fail(new PluginError("CALL_TIMEOUT", `it was connected to, and did not begin TLS in ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onBroken = (cause: NodeJS.ErrnoException): void => fail(explain(cause, tls));
  secured.once("error", onBroken);
  secured.once("close", () => clearTimeout(timer));
  secured.once("secureConnect", () => {
    if (pinned !== undefined && !shows(secured, pinned)) return fail(refused("its certificate is not the one that it announced"));
    clearTimeout(timer);
    onSecure(secured);
    secured.off("error", onBroken);
  });
}

function secure(socket: Socket, { context, pinned, names }: DialTls): TLSSocket {
  const servername = names.find((name) => isIP(name) === 0);
  return connect({
    socket,
    // A context of its own: whatever else the object may hold cannot turn a check off.
    secureContext: createSecureContext(pinned === undefined ? atLeastTls12(context) : onlyTls13(context)),
    ...(servername === undefined ? {} : { servername }),
    // Said aloud, for else the environment would decide. What is pinned is compared whole below: it has no authority to ask.
    rejectUnauthorized: pinned === undefined,
    checkServerIdentity: (_, cert) => names.map((name) => checkServerIdentity(name, cert)).reduce((problem, next) => problem && next),
  });
}

/** Begins TLS on an accepted socket. A connection that does not, or shows the wrong certificate, is cut off. */
export function acceptTls(socket: Socket, { context, pinned }: TlsOptions, onSecure: (socket: TLSSocket) => void): void {
  // A server for each socket: it says which one has become secure, and no session is resumed, with which a check would be spared.
  const server = createServer({
    ...(pinned === undefined ? atLeastTls12(context) : onlyTls13(context)),
    requestCert: pinned !== undefined || context.ca !== undefined,
    rejectUnauthorized: pinned === undefined && context.ca !== undefined,
    // Connections that have not proven themselves have a deadline of their own, for all of it.
    handshakeTimeout: 0,
  });
  server.on("tlsClientError", (_error, failed) => void failed.destroy());
  server.on("secureConnection", (secured) => {
    if (pinned !== undefined && !shows(secured, pinned)) return void secured.destroy();
    onSecure(secured);
  });
  socket.on("error", () => socket.destroy());
  server.emit("connection", socket);
}

// That it has the key as well was shown by the handshake.
function shows(socket: TLSSocket, pinned: Buffer): boolean {
  return socket.getPeerX509Certificate()?.raw.equals(pinned) === true;
}

/** For two sides of our own. Whatever the command line says of versions. */
function onlyTls13(context: SecureContextOptions): SecureContextOptions {
  return { ...context, minVersion: "TLSv1.3", maxVersion: "TLSv1.3" };
}

/** Whatever the command line or the environment says of the oldest version. */
function atLeastTls12(context: SecureContextOptions): SecureContextOptions {
  return { ...context, minVersion: context.minVersion === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2" };
}

function explain(cause: NodeJS.ErrnoException, { context, names }: DialTls): Error {
  const { code = "" } = cause;
  if (Object.hasOwn(REFUSALS, code)) {
    const sentence = REFUSALS[code] as string;
    return refused(((context.ca === undefined && WITHOUT_CA.get(sentence)) || sentence).replace("NAMES", listed(names)), cause);
  }
  // Its end, or that of a connection which it did not understand: the caller finds out which.
  if (code === "ECONNRESET" || code === "EPIPE") return new Error("it ended the connection where TLS was to begin", { cause });
  return refused(`TLS could not be agreed (${code || cause.message})`, cause);
}

/** As in `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.join(", ").replace(/, (?=[^,]*$)/, " and ");
}

function refused(why: string, cause?: Error): PluginError {
  return new PluginError("BAD_HANDSHAKE", `it was connected to, and told nothing: ${why}`, cause && { cause });
}
