import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { derOf, makeCertificate } from "../../src/transport/certificate.js";

test("[O30] a one-time certificate is self-signed, P-256, for localhost, and signs no others", () => {
  const { cert, key } = makeCertificate();
  const x509 = new X509Certificate(cert);
  expect(x509.verify(x509.publicKey)).toBe(true);
  expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  expect([x509.subject, x509.issuer, x509.ca]).toEqual(["CN=localhost", "CN=localhost", false]);
  expect(x509.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  // Of a server, and of a client.
  expect(x509.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
});

test("[O30] a one-time certificate is valid a day back and for ever", () => {
  const { validFrom, validTo } = new X509Certificate(makeCertificate().cert);
  expect(Math.abs(Date.now() - 86_400_000 - Date.parse(validFrom))).toBeLessThan(60_000);
  expect(validTo).toBe("Dec 31 23:59:59 9999 GMT");
});

test("[O30] each certificate has a key and a serial number of its own, and its DER is what is read from its PEM", () => {
  const made = Array.from({ length: 20 }, () => new X509Certificate(makeCertificate().cert));
  expect(new Set(made.map(({ serialNumber }) => serialNumber)).size).toBe(20);
  expect(new Set(made.map(({ publicKey }) => publicKey.export({ type: "spki", format: "pem" }))).size).toBe(20);
  // Positive, and 16 bytes each time.
  for (const { serialNumber } of made) expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  for (const x509 of made) expect(derOf(x509.toString())).toEqual(x509.raw);
});

test("a text that is no certificate has no DER", () => {
  expect(() => derOf("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).toThrow();
  expect(() => derOf("")).toThrow();
});
