import type { Socket } from "node:net";
import { checkServerIdentity, connect, createSecureContext, createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { PluginError } from "../errors.js";
import { clearTimeout, setTimeout } from "../util/timers.js";

/** How one side shows itself in TLS, and whom it accepts. */
export interface TlsOptions {
  /** This side's certificate and key; where nothing is pinned, also the authorities by which the other side's is checked. */
  readonly context: SecureContextOptions;
  /** The other side's certificate, DER. Nothing else is accepted. */
  readonly pinned: Buffer | undefined;
}

export interface TlsAttempt {
  readonly timeoutMs: number;
  /** Called at once, so that nothing the socket tells is missed. */
  onSecure(socket: TLSSocket): void;
  onError(error: Error): void;
}

// The names that a certificate of the user's own may have: nothing else is dialled.
const NAMES = ["localhost", "127.0.0.1", "::1"];
/** What OpenSSL and Node.js call it, and what it means here. */
const REFUSALS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed, and is none of those in ca",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate was signed by an authority that is not in ca",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate was signed by an authority that is not in ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate was signed by an authority that is not in ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate was signed by an authority that is not in ca",
  CERT_SIGNATURE_FAILURE: "its certificate was signed by an authority that is not in ca",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name than localhost, 127.0.0.1 and ::1",
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

/** Begins TLS on a connected socket, as the one who dialled. */
export function startTls(socket: Socket, { context, pinned }: TlsOptions, { timeoutMs, onSecure, onError }: TlsAttempt): void {
  const secured = connect({
    socket,
    // A context of its own: whatever else the object may hold cannot turn a check off.
    secureContext: createSecureContext(pinned === undefined ? atLeastTls12(context) : onlyTls13(context)),
    servername: "localhost",
    // Said aloud, for else the environment would decide. What is pinned is compared whole below: it has no authority to ask.
    rejectUnauthorized: pinned === undefined,
    checkServerIdentity: (_, cert) => NAMES.map((name) => checkServerIdentity(name, cert)).reduce((problem, next) => problem && next),
  });
  const fail = (error: Error): void => {
    clearTimeout(timer);
    secured.destroy();
    onError(error);
  };
  const timer = setTimeout(
    () => fail(new PluginError("CALL_TIMEOUT", `it was connected to, and did not begin TLS in ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onBroken = (cause: NodeJS.ErrnoException): void => fail(explain(cause));
  secured.once("error", onBroken);
  secured.once("close", () => clearTimeout(timer));
  secured.once("secureConnect", () => {
    if (pinned !== undefined && !shows(secured, pinned)) return fail(refused("its certificate is not the one that it announced"));
    clearTimeout(timer);
    onSecure(secured);
    secured.off("error", onBroken);
  });
}

/** Begins TLS on an accepted socket. Who does not, or shows the wrong certificate, is cut off. */
export function acceptTls(socket: Socket, { context, pinned }: TlsOptions, onSecure: (socket: TLSSocket) => void): void {
  // A server for each socket: it says which one has become secure, and no session is resumed, with which a check would be spared.
  const server = createServer({
    ...(pinned === undefined ? atLeastTls12(context) : onlyTls13(context)),
    requestCert: pinned !== undefined || context.ca !== undefined,
    rejectUnauthorized: pinned === undefined && context.ca !== undefined,
    // UnauthenticatedConnections have a deadline of their own, for all of it.
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

function explain(cause: NodeJS.ErrnoException): Error {
  const { code = "" } = cause;
  if (Object.hasOwn(REFUSALS, code)) return refused(REFUSALS[code] as string, cause);
  // Its end, or that of a connection which it did not understand: who is told of it finds out which.
  if (code === "ECONNRESET" || code === "EPIPE") return new Error("it ended the connection where TLS was to begin", { cause });
  return refused(`TLS could not be agreed (${code || cause.message})`, cause);
}

function refused(why: string, cause?: Error): PluginError {
  return new PluginError("BAD_HANDSHAKE", `it was connected to, and told nothing: ${why}`, cause && { cause });
}
