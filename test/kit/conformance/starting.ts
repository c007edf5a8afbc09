import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import { MagicCookieKey } from "../../../src/index.js";
import { type Judging, PING } from "./subject.js";

/** Section 1 of the protocol: the cookie, the announcement, and what cannot be done. */
export function judgeStarting({ judge, name, start, subject }: Judging): void {
  for (const [how, cookie] of [
    ["started by hand", undefined],
    ["started with another cookie", "no such cookie"],
  ] as const) {
    judge(`[O3, F43] ${name}, ${how}, explains itself on stderr alone and exits 1`, async () => {
      await using plugin = start({ [MagicCookieKey]: cookie });
      const { exitCode, stdout, stderr } = await plugin.end();
      expect([exitCode, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/plugin/);
    });
  }

  judge(`[O21, O15] ${name} announces a loopback address with a port of the range, on one line`, async () => {
    await using plugin = start({ PLUGIN_MIN_PORT: "21000", PLUGIN_MAX_PORT: "21999" });
    const fields = await plugin.announcement();
    expect(fields.slice(0, 3)).toEqual(["1", String(subject.apiVersion), "tcp"]);
    expect(fields[3]).toMatch(/^(127\.0\.0\.1|\[::1\]):21\d{3}$/);
    expect(fields.slice(4, 6)).toEqual(["jsonrpc", ""]);
  });

  judge(`[O15] ${name} exits 1 and says why when no port of the range is free`, async () => {
    await using first = start();
    const port = (await first.announcement())[3]?.split(":")[1];
    await using second = start({ PLUGIN_MIN_PORT: port, PLUGIN_MAX_PORT: port });
    const { exitCode, stdout, stderr } = await second.end();
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/port/);
  });

  judge(`[O31] ${name} listens in the directory given over unix, and leaves no socket behind`, async () => {
    await using plugin = start({ PLUGIN_TRANSPORT: "unix" });
    const [, , network, address = ""] = await plugin.announcement();
    expect([network, dirname(address)]).toEqual(["unix", plugin.socketDir]);
    const socket = await plugin.ready();
    socket.send({ ...PING, method: "rpc.shutdown", params: { graceMs: 1_000 } });
    expect(await plugin.exited).toBe(0);
    expect(existsSync(address)).toBe(false);
  });

  judge(`[O25] ${name} exits 1 and says so when it lacks the transport asked for`, async () => {
    await using plugin = start({ PLUGIN_TRANSPORT: "pigeon" });
    const { exitCode, stdout, stderr } = await plugin.end();
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/pigeon/);
  });
}
