import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NewClient } from "../../../src/index.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { gist, startFailure } from "./start-failure.js";

gate();
const REMEDY = "Set TMPDIR to a directory that this user may write to.";

test.skipIf(process.platform === "win32").each([
  ["does not exist", "gone", 'the temporary directory "TMPDIR" does not exist\n  Make it, or set TMPDIR to one that exists.'],
  ["is below a file", "file/x", `the temporary directory "TMPDIR" cannot be looked at (ENOTDIR)\n  ${REMEDY}`],
  ["is a file", "file", `no directory for its socket can be made in the temporary directory "TMPDIR" (ENOTDIR)\n  ${REMEDY}`],
])("[O31, O25] where the temporary directory %s, the start says so", async (_what, name, sentence) => {
  const before = process.env["TMPDIR"] as string;
  const dir = mkdtempSync(join(before, "socket-dir-"));
  writeFileSync(join(dir, "file"), "");
  process.env["TMPDIR"] = join(dir, name);
  try {
    const error = await startFailure(NewClient({ command: fixture("echo"), transport: "unix" }));
    expect(gist(error)).toEqual({ code: "START_FAILED", step: "spawn", exitCode: null, signal: null });
    expect(error.message).toBe(`Cannot start plugin "${fixture("echo")}": ${sentence.replace("TMPDIR", join(dir, name))}`);
  } finally {
    process.env["TMPDIR"] = before;
    rmSync(dir, { recursive: true });
  }
});
