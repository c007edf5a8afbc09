import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Client } from "../../../src/index.js";
import { lateStart } from "../../client/start/start-failure.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";

gate();
const file = (): string => join(process.env["TMPDIR"] as string, "made-by-configure");

test("[O26, P3] a plugin that declined in configure() cleans up before the start rejects", async () => {
  const client = clientFor("declines-and-cleans-up", { config: { file: file() } });
  const error = await rejection(client.start());
  expect(error.message).toMatch(/^Cannot start plugin ".*": it declined to start: no licence$/m);
  expect(error).toMatchObject({ code: "START_FAILED", step: "ready" });
  expect(existsSync(file())).toBe(false);
  expect(isAlive(client.pid as number)).toBe(false);
});

test("[O26, O16, P3] so does one whose configure() took longer than startTimeoutMs", async () => {
  let client: Client | undefined;
  const { error } = await lateStart(
    ({ step }) => step === "ready",
    (startTimeoutMs) => {
      client = clientFor("declines-and-cleans-up", { config: { file: file(), hang: true }, startTimeoutMs });
      return client;
    },
  );
  expect(error).toMatchObject({ code: "START_TIMEOUT", step: "ready" });
  expect(existsSync(file())).toBe(false);
  expect(isAlive(client?.pid as number)).toBe(false);
});

test("[O26, P3] kill() while a plugin configures itself lets it clean up", async () => {
  const client = clientFor("declines-and-cleans-up", { config: { file: file(), hang: true } });
  const started = rejection(client.start());
  await expect.poll(() => existsSync(file())).toBe(true);
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect((await started).message).toContain("it was killed by this program while it started");
  expect(existsSync(file())).toBe(false);
});
