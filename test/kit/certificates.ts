import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, PEM, made with openssl: by another hand than the one that is tested. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Why certificates cannot be made here, if so. Where everything must run, that is a fault. */
export function lacksOpenssl(): string | undefined {
  if (spawnSync("openssl", ["version"]).status === 0) return undefined;
  if (process.env["CI"]) throw new Error('Cannot make certificates: "openssl" is not on PATH');
  return '"openssl" is not on PATH';
}

/** An authority of its own. */
export class Authority {
  readonly cert: string;
  readonly #key: string;

  constructor(name: string) {
    const { cert, key } = selfSigned(name, ["-addext", "basicConstraints=critical,CA:TRUE"]);
    this.cert = cert;
    this.#key = key;
  }

  /** Signs a certificate for names like `DNS:localhost`; valid from yesterday to tomorrow, unless it has expired. */
  sign(names: string, { expired = false } = {}): Pair {
    return inTemp((dir) => {
      const file = (name: string): string => join(dir, name);
      writeFileSync(file("ca.pem"), this.cert);
      writeFileSync(file("ca.key"), this.#key);
      writeFileSync(file("ext"), `subjectAltName=${names}\n`);
      openssl("req", "-new", ...NEW_KEY, "-keyout", file("key"), "-subj", "/CN=test", "-out", file("csr"));
      const days = expired ? ["-days", "-1"] : ["-days", "1"];
      const ca = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-set_serial", "1", "-extfile", file("ext")];
      openssl("x509", "-req", "-in", file("csr"), ...ca, ...days, "-out", file("cert"));
      return { cert: readFileSync(file("cert"), "utf8"), key: readFileSync(file("key"), "utf8") };
    });
  }
}

export function selfSigned(name: string, more: readonly string[] = []): Pair {
  return inTemp((dir) => {
    const [key, cert] = [join(dir, "key"), join(dir, "cert")];
    openssl("req", "-x509", ...NEW_KEY, "-keyout", key, "-subj", `/CN=${name}`, "-days", "1", ...more, "-out", cert);
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  });
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}

function inTemp<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
