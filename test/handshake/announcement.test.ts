import { describe, expect, test } from "vitest";
import { type AllowedAddress, looksLikeAnnouncement, parseAnnouncement, whyRefused } from "../../src/handshake/announcement.js";
import { rejection } from "../kit/fixtures.js";

const tcp = (host: string, port: number) => ({ network: "tcp", host, port }) as const;
const unix = (path: string) => ({ network: "unix", path }) as const;
const refusal = (line: string) => rejection(Promise.resolve(line).then(parseAnnouncement));

describe("a line", () => {
  test.each(["1|1|tcp|127.0.0.1:1|jsonrpc|", "99|7|x|y|z", "1|2|tcp|a|jsonrpc", "007|1||||"])(
    "[O21] looks like an announcement: %s",
    (line) => {
      expect(looksLikeAnnouncement(line)).toBe(true);
    },
  );

  test.each(["-1|1|tcp|x|jsonrpc", "1e99|1|tcp|x|jsonrpc", "1|-1|tcp|x|jsonrpc", "1|1e99|unix|x|jsonrpc", "1.5|+2|tcp|x|"])(
    "[F37] is meant as an announcement, which it is not: %s",
    (line) => {
      expect(looksLikeAnnouncement(line)).toBe(true);
    },
  );

  test.each([
    "",
    "1|2|3",
    "1|1|tcp|x",
    "-1|1|tcp|x",
    "1|1|udp|x",
    "-1|1|pipe|x|jsonrpc",
    "1|1|tcp",
    "v1|1|tcp|x|jsonrpc",
    " 1|1|tcp|x|jsonrpc",
    "listening on 1|1|tcp|x|y",
    "1 |1|tcp|x|jsonrpc",
    "| 1 | 2 | tcp | x |",
    "12:00|info|tcp|listening",
    "1234|info|tcp|listening",
    "1||tcp|listening",
    "2026-01-01|info|tcp|listening",
  ])("[O21, F37] does not look like an announcement: %j", (line) => {
    expect(looksLikeAnnouncement(line)).toBe(false);
  });
});

describe("parseAnnouncement()", () => {
  test("[O21] reads an IPv6 address without its brackets", () => {
    expect(parseAnnouncement("1|2|tcp|[::1]:10000|jsonrpc|").address).toEqual(tcp("::1", 10_000));
  });

  test("[O21] ignores fields after the ones it knows, and lacks none that is empty", () => {
    const known = { apiVersion: 2, address: tcp("127.0.0.1", 10_000), protocol: "jsonrpc" };
    expect(parseAnnouncement("1|2|tcp|127.0.0.1:10000|jsonrpc|CERT|more|and more")).toEqual({ ...known, cert: "CERT" });
    expect(parseAnnouncement("1|2|tcp|127.0.0.1:10000|jsonrpc||more|and more")).toEqual(known);
    expect(parseAnnouncement("1|2|tcp|127.0.0.1:10000|jsonrpc")).toEqual(known);
  });

  test.each(["99", "-1", "1e99"])("[O1, F37] names both versions of the handshake when they differ: %s", async (version) => {
    const error = await refusal(`${version}|1|tcp|127.0.0.1:1|jsonrpc|`);
    expect(error["code"]).toBe("VERSION_MISMATCH");
    expect(error.message).toContain(`it announced version ${version} of the handshake, and this host speaks version 1\n`);
  });

  test.each([
    ["1|0|tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "0", which is no whole number from 1'],
    ["1|99999999999999999999|tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "99999999999999999999", which is no whole number from 1'],
    ["1|-1|tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "-1", which is no whole number from 1'],
    ["1|1e99|tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "1e99", which is no whole number from 1'],
    ["1|1e2|tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "1e2", which is no whole number from 1'],
    ["1||tcp|127.0.0.1:1|jsonrpc|", 'it announced apiVersion "", which is no whole number from 1'],
    ["1|1|tcp|127.0.0.1:1|grpc|", 'it announced protocol "grpc", and this host speaks jsonrpc and jsonrpc+ws'],
    ["1|1|udp|127.0.0.1:1|jsonrpc|", 'it announced network "udp", and this host knows tcp and unix'],
    ["1|1|tcp|127.0.0.1:70000|jsonrpc|", 'it announced address "127.0.0.1:70000", which is no host:port'],
    ["1|1|tcp|127.0.0.1|jsonrpc|", 'it announced address "127.0.0.1", which is no host:port'],
    ["1|1|tcp|::1:80|jsonrpc|", 'it announced address "::1:80", which is no host:port'],
    ["1|1|tcp|127.0.0.1:-1|jsonrpc|", 'it announced address "127.0.0.1:-1", which is no host:port'],
  ])("[F37, F38] says what is wrong with %s", async (line, sentence) => {
    const error = await refusal(line);
    expect([error["code"], error.message]).toEqual(["BAD_HANDSHAKE", sentence]);
  });
});

describe("whyRefused()", () => {
  const anywhere: AllowedAddress = { minPort: 0, maxPort: 0, unixSocketDir: "/run/m-1", inspectorPort: 9_229 };

  test("[F38] lets loopback literals and a socket in the directory pass", () => {
    for (const address of [tcp("127.0.0.1", 1), tcp("::1", 65_535), unix("/run/m-1/s")])
      expect(whyRefused(address, anywhere)).toBe(undefined);
  });

  test.each(["93.184.216.34", "0.0.0.0", "localhost", "127.0.0.2", "::", "::ffff:127.0.0.1", "127.1", "0x7f000001"])(
    "[F38] dials no host but the loopback literals: %s",
    (host) => {
      expect(whyRefused(tcp(host, 80), anywhere)).toBe("only 127.0.0.1 and [::1] are dialled");
    },
  );

  test("[F38] dials no port 0, and not this host's own debugger", () => {
    expect(whyRefused(tcp("127.0.0.1", 0), anywhere)).toBe("port 0 is no port that can be dialled");
    expect(whyRefused(tcp("127.0.0.1", 9_229), anywhere)).toBe("that is where the debugger of this host listens");
  });

  test("[F38, O15] dials both ends of the port range, and nothing outside it", () => {
    const range = { ...anywhere, minPort: 100, maxPort: 200 };
    expect(whyRefused(tcp("127.0.0.1", 100), range)).toBe(undefined);
    expect(whyRefused(tcp("127.0.0.1", 200), range)).toBe(undefined);
    for (const port of [99, 201]) expect(whyRefused(tcp("127.0.0.1", port), range)).toMatch(/^its port is not in 100 to 200\n/);
  });

  test.each([
    "/run/m-2/s",
    "/run/m-1/../s",
    "/run/m-1/..",
    "/run/m-1/.",
    "/run/m-1/",
    "/run/m-1",
    "/run/m-1/a/b",
    "/run/m-1//s",
    "s",
    "\0x",
    "/run/m-1/s\0",
  ])("[F38] dials only a socket directly in the directory: %j", (path) => {
    expect(whyRefused(unix(path), anywhere)).toBe('only a socket directly in "/run/m-1" is dialled');
  });

  test("[F38] dials no path that the system would cut", () => {
    expect(whyRefused(unix(`/run/m-1/${"s".repeat(98)}`), anywhere)).toBe(undefined);
    expect(whyRefused(unix(`/run/m-1/${"s".repeat(99)}`), anywhere)).toBe("its path is longer than the 107 bytes that a socket's may be");
  });

  test("[F38] dials no unix socket where none was asked for", () => {
    expect(whyRefused(unix("/run/m-1/s"), { ...anywhere, unixSocketDir: undefined })).toBe("this host asked for no unix socket");
  });
});
