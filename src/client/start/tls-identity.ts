import type { SecureContextOptions } from "node:tls";
import { PluginError } from "../../errors.js";
import { StartFault } from "../../executable/start-fault.js";
import type { DialTls } from "../../transport/tls.js";

/** What a certificate of the user's own may be for: nothing but loopback is dialled. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];

/** What a host shows in TLS for one start. */
export interface TlsIdentity {
  readonly context: SecureContextOptions;
  /** The host's one-time certificate, PEM, where the plugin is to make one as well. */
  readonly clientCert: string | undefined;
}

/**
 * Gets ready what the `tls` option asks for, before anything is started with it.
 * @throws {Error} With the end of a sentence.
 */
export async function makeTlsIdentity(tls: "auto" | SecureContextOptions | undefined): Promise<TlsIdentity | undefined> {
  if (tls === undefined) return undefined;
  if (tls === "auto") {
    const { makeCertificate } = await import("../../transport/certificate.js");
    const context = makeCertificate();
    return { context, clientCert: context.cert };
  }
  const { checkContext } = await import("../../transport/tls.js");
  try {
    checkContext(tls);
  } catch (cause) {
    throw new StartFault("options", `what its tls option holds cannot be used: ${(cause as Error).message}`, { cause });
  }
  return { context: tls, clientCert: undefined };
}

/**
 * Says how to speak TLS with a plugin, by the certificate that it announced; undefined where none is asked for.
 *
 * There is no way back to a plain connection.
 * @throws {PluginError} `BAD_HANDSHAKE`, with the end of a sentence.
 */
export function tlsFor(identity: TlsIdentity | undefined, announced: string | undefined): DialTls | undefined {
  if (identity === undefined) {
    if (announced === undefined) return undefined;
    throw bad("it speaks TLS alone, and this host was not told to\n  Give the client tls: its certificates, where the plugin has its own.");
  }
  const { context, clientCert } = identity;
  // Certificates of the user's own are checked by their authorities, whether the plugin announced one or not.
  if (clientCert === undefined) return { context, pinned: undefined, names: LOOPBACK_NAMES };
  if (announced === undefined) {
    const remedy = "Its library may not know PLUGIN_CLIENT_CERT: update it, or leave out tls.";
    throw bad(`it announced no certificate, and this host was told to use TLS: no connection was attempted\n  ${remedy}`);
  }
  const pinned = Buffer.from(announced, "base64");
  if (!/^[A-Za-z0-9+/]+$/.test(announced) || pinned.length === 0) {
    throw bad("the certificate that it announced is not DER in base64 without padding");
  }
  return { context, pinned, names: LOOPBACK_NAMES };
}

function bad(sentence: string): PluginError {
  return new PluginError("BAD_HANDSHAKE", sentence);
}
