import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { download } from "../../src/install/source/download.js";
import { isPrivateAddress } from "../../src/install/source/private-address.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
let dir: string;
const servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "download-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(dir, { recursive: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const get = (url: string, options: Partial<Parameters<typeof download>[2]> = {}) =>
  download(new URL(url), join(dir, "file"), {
    attempt: "Cannot install a package",
    maxBytes: 10_000,
    allowPrivate: true,
    timeoutMs: 60_000,
    ...options,
  });
const sentenceOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await rejection(promise);
  expect(error).toMatchObject({ code: "INSTALL_FAILED" });
  return error.message.replace(/^Cannot install a package: /, "").replaceAll(/127\.0\.0\.1:\d+/g, "HOST");
};

test("[S34] what a server sends is in the file, with its digest and length, and asked for plainly", async () => {
  const body = Buffer.alloc(5_000, "x");
  let asked: object | undefined;
  const url = await serve((request, response) => {
    asked = request.headers;
    response.end(body);
  });
  expect(await get(`${url}/a.zip`)).toEqual({ sha256: createHash("sha256").update(body).digest("hex"), bytes: 5_000 });
  expect(readFileSync(join(dir, "file")).equals(body)).toBe(true);
  expect(asked).toMatchObject({ "accept-encoding": "identity", "user-agent": "mortise" });
});

test("[S34] redirects are followed, five of them", async () => {
  const url = await serve((request, response) => {
    const count = Number(request.url?.slice(1));
    if (count === 0) response.end("here");
    else response.writeHead(count % 2 === 0 ? 302 : 308, { location: `/${count - 1}` }).end();
  });
  expect(await get(`${url}/5`)).toMatchObject({ bytes: 4 });
  rmSync(join(dir, "file"));
  expect(await sentenceOf(get(`${url}/6`))).toBe("http://HOST/6 leads on more than 5 times");
});

test.each<[string, RequestListener, string | RegExp]>([
  ["that is not there", (_, response) => response.writeHead(404).end(), "http://HOST/x answered 404"],
  [
    "that is too long and says so",
    (_, response) => response.writeHead(200, { "content-length": 10_001 }).end(Buffer.alloc(10_001)),
    "what it answers is longer than 10000 bytes (maxArchiveBytes)",
  ],
  [
    "that is too long and does not say so",
    (_, response) => void response.write(Buffer.alloc(9_000), () => response.write(Buffer.alloc(9_000))),
    "what it answers is longer than 10000 bytes (maxArchiveBytes)",
  ],
  [
    "that ends early",
    (_, response) => response.writeHead(200, { "content-length": 9_000 }).write("x", () => response.destroy()),
    /^its answer ended early: /,
  ],
  ["that answers nothing", (request) => request.socket.destroy(), /^http:\/\/HOST\/x could not be read: /],
  [
    "that leads to no URL",
    (_, response) => response.writeHead(302, { location: "http://[" }).end(),
    "http://HOST/x leads on to what is no URL",
  ],
  [
    "that leads to a file",
    (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    /is no http: or https: URL$/,
  ],
  [
    "that leads on with a password",
    (_, response) => response.writeHead(302, { location: "http://me:secret@127.0.0.1:1/x" }).end(),
    "http://HOST/x has a name and password in it, which are not sent",
  ],
])("[S34] an answer is refused %s", async (_what, answer, expected) => {
  const url = await serve(answer);
  const sentence = await sentenceOf(get(`${url}/x?token=secret`));
  if (typeof expected === "string") expect(sentence).toBe(expected);
  else expect(sentence).toMatch(expected);
  expect(sentence).not.toContain("secret");
});

test("[S34] a server that drips is given up in time, and so is one that the caller gives up", async () => {
  const url = await serve((_, response) => {
    response.write("x");
  });
  expect(await sentenceOf(get(`${url}/x`, { timeoutMs: 100 }))).toBe("http://HOST/x was not read within 100 ms");
  rmSync(join(dir, "file"), { force: true });
  const aborter = new AbortController();
  const asked = get(`${url}/x`, { signal: aborter.signal });
  await expect.poll(() => existsSync(join(dir, "file"))).toBe(true);
  aborter.abort(new Error("given up"));
  expect((await rejection(asked)).message).toBe("given up");
  expect(readdirSync(dir).length).toBeLessThanOrEqual(1);
});

test("[S34] this machine and its network are refused: by address, by name, and after a redirect", async () => {
  const inner = await serve((_, response) => response.end("secret"));
  const port = new URL(inner).port;
  for (const host of ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"]) {
    const sentence = await sentenceOf(get(`http://${host}:${port}/x`, { allowPrivate: false }));
    expect(sentence, host).toMatch(/which is this machine or its network\n {2}Give allowPrivate: true if it may\.$/);
  }
  // The redirect itself is looked at, and not only where it began.
  const outer = await serve((_, response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end());
  const error = await rejection(get(outer, { timeoutMs: 500 }));
  expect(error.message).toMatch(/^Cannot install a package: (http:\/\/169\.254\.169\.254\/latest|http:\/\/127\.0\.0\.1)/);
});

test.each([
  "10.1.2.3",
  "172.31.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.169.254",
  "224.0.0.1",
  "255.255.255.255",
  "0.1.2.3",
  "198.18.0.1",
  "::",
  "::1",
  "fe80::1",
  "fc00::1",
  "fd12::1",
  "ff02::1",
  "::ffff:10.0.0.1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
  "2001::1",
  "2001:db8::1",
  "localhost",
  "",
])("%s is private", (address) => expect(isPrivateAddress(address)).toBe(true));
test.each(["1.1.1.1", "93.184.216.34", "172.32.0.1", "192.169.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])(
  "%s is not",
  (address) => expect(isPrivateAddress(address)).toBe(false),
);
