import type { SecureContextOptions } from "node:tls";
import { EnvName } from "../handshake/env-names.js";
import { derOf, makeCertificate } from "../transport/certificate.js";
import type { TlsOptions } from "../transport/tls.js";

/** How a plugin speaks TLS. */
export interface TlsIdentity {
  readonly tls: TlsOptions;
  /** For the announcement: DER, base64 without padding. */
  readonly cert: string;
}

/**
 * Makes ready what the host asks for with its certificate, or the plugin's author with certificates of their own.
 * @throws {Error} With the sentence for the plugin's stderr.
 */
export function makeTlsIdentity(hostCert: string | undefined, own: SecureContextOptions | undefined): TlsIdentity {
  const context = own ?? makeCertificate();
  const [cert] = [context.cert].flat() as [string | Buffer];
  const pinned = hostCert === undefined ? undefined : derIn(hostCert, EnvName.clientCert);
  return { tls: { context, pinned }, cert: derIn(cert, "tls.cert").toString("base64").replace(/=+$/, "") };
}

function derIn(pem: string | Buffer, where: string): Buffer {
  try {
    return derOf(pem);
  } catch (cause) {
    throw new Error(`Cannot start: ${where} holds no certificate in PEM (${(cause as Error).message})`, { cause });
  }
}
