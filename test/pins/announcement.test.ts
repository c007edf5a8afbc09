import { expect, test } from "vitest";
import { formatAnnouncement, parseAnnouncement } from "../../src/handshake/announcement.js";
import { APIVersion } from "../../src/index.js";

const LINES = [
  [
    "1|2|tcp|127.0.0.1:10000|jsonrpc|",
    { apiVersion: 2, address: { network: "tcp", host: "127.0.0.1", port: 10_000 }, protocol: "jsonrpc" },
  ],
  ["1|1|tcp|[::1]:10000|jsonrpc|", { apiVersion: 1, address: { network: "tcp", host: "::1", port: 10_000 }, protocol: "jsonrpc" }],
  [
    "1|2|unix|/run/user/1000/mortise-x1/s|jsonrpc|",
    { apiVersion: 2, address: { network: "unix", path: "/run/user/1000/mortise-x1/s" }, protocol: "jsonrpc" },
  ],
  [
    "1|2|tcp|127.0.0.1:10000|jsonrpc|MIIB",
    { apiVersion: 2, address: { network: "tcp", host: "127.0.0.1", port: 10_000 }, protocol: "jsonrpc", cert: "MIIB" },
  ],
  [
    "1|2|tcp|127.0.0.1:10000|jsonrpc+ws|",
    { apiVersion: 2, address: { network: "tcp", host: "127.0.0.1", port: 10_000 }, protocol: "jsonrpc+ws" },
  ],
] as const;

test("[O1] APIVersion is the text 1", () => {
  expect(APIVersion).toBe("1");
});

test.each(LINES)("[O21] the announcement line is %s, both ways", (line, announcement) => {
  expect(formatAnnouncement(announcement)).toBe(line);
  expect(parseAnnouncement(line)).toEqual(announcement);
});
