import { createSign, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";

/** A one-time certificate and its private key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
// What RFC 5280 gives for "never": what is made for one start has no use for a date.
const NEVER = "99991231235959Z";

/**
 * Makes a self-signed certificate for one start, on the curve P-256.
 *
 * The side that pins it compares it whole. Its names and uses are for libraries that look at them as well.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, Buffer.from("localhost")))));
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))), // version 3
    integer(serialNumber()),
    algorithm,
    name,
    // A day back: the other side's clock may be another one.
    sequence(time(new Date(Date.now() - DAY_MS)), der(0x18, Buffer.from(NEVER))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions()),
  );
  const signature = createSign("SHA256").update(body).sign(privateKey);
  return {
    cert: pemOf(sequence(body, algorithm, bitString(0, signature))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** A certificate as it is announced and compared: DER. @throws {Error} The text is no certificate. */
export function derOf(pem: string | Buffer): Buffer {
  return new X509Certificate(pem).raw;
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensions(): Buffer {
  const isCritical = Buffer.of(1, 1, 0xff);
  const extension = (id: string, ...parts: Buffer[]): Buffer => sequence(oid(id), ...parts);
  const octets = (content: Buffer): Buffer => der(0x04, content);
  const names = [der(0x82, Buffer.from("localhost")), der(0x87, Buffer.of(127, 0, 0, 1)), der(0x87, Buffer.alloc(16).fill(1, 15))];
  const uses = sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")); // Of a server, and of a client.
  return sequence(
    extension("2.5.29.19", isCritical, octets(sequence())), // It signs no others.
    extension("2.5.29.15", isCritical, octets(bitString(7, Buffer.of(0x80)))), // Digital signatures.
    extension("2.5.29.37", octets(uses)),
    extension("2.5.29.17", octets(sequence(...names))),
  );
}

// Positive, and no byte too long: the first bits are 01.
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes;
}

/** UTCTime up to 2049, GeneralizedTime from then on, as the RFC has it. */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function bitString(unusedBits: number, bytes: Buffer): Buffer {
  return der(0x03, Buffer.of(unusedBits), bytes);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

/** One element: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
