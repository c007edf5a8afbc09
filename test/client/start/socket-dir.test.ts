import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeSocketDir, removeSocketDir } from "../../../src/client/start/socket-dir.js";
import { NewClient } from "../../../src/index.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { asNobody, whyNoNobody } from "../../kit/nobody.js";
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

const umaskWas = process.umask();
afterEach(() => void process.umask(umaskWas));

test.skipIf(process.platform === "win32").each([0o000, 0o177, 0o777])(
  "[F143, O31] the directory is 0700, whatever the umask: %o",
  async (umask) => {
    process.umask(umask);
    const dir = await makeSocketDir();
    process.umask(umaskWas);
    expect(statSync(dir).mode & 0o7777).toBe(0o700);
    await removeSocketDir(dir);
  },
);

test.skipIf(whyNoNobody !== undefined)(
  `[F143, O31] a plugin over a unix socket starts under any umask, for a user who is not root${whyNoNobody === undefined ? "" : ` (${whyNoNobody})`}`,
  async () => {
    const dir = mkdtempSync(join(process.env["TMPDIR"] as string, "umask-"));
    chmodSync(dir, 0o1777);
    // What this user may read, wherever the checkout is.
    cpSync(new URL("../../../dist/", import.meta.url), join(dir, "node_modules/mortise/dist"), { recursive: true });
    cpSync(new URL("../../../package.json", import.meta.url), join(dir, "node_modules/mortise/package.json"));
    cpSync(fixture("echo"), join(dir, "echo.mjs"));
    const before = process.env["TMPDIR"] as string;
    chmodSync(before, 0o755);
    try {
      const program = `process.umask(Number(process.argv[2])); process.env.TMPDIR = process.argv[1];
        import(process.argv[1] + "/node_modules/mortise/dist/index.js").then(async ({ NewClient }) => {
          const client = NewClient({ command: process.argv[1] + "/echo.mjs", transport: "unix" });
          console.log((await client.start().catch((error) => ({ network: error.message }))).network);
          await client.kill();
        });`;
      for (const umask of [0o177, 0o777]) expect(await asNobody(program, dir, String(umask))).toBe("unix\n");
    } finally {
      rmSync(dir, { recursive: true });
      chmodSync(before, 0o700);
    }
  },
);

test.skipIf(process.platform === "win32")(
  "[F143, O31] a temporary directory that others may take away, by one above it or a link, is refused",
  async () => {
    const before = process.env["TMPDIR"] as string;
    const outer = mkdtempSync(join(before, "open-"));
    const inner = join(outer, "tmp");
    mkdirSync(inner);
    symlinkSync(inner, join(before, "link-to-open"));
    chmodSync(outer, 0o777);
    try {
      for (const dir of [inner, join(before, "link-to-open")]) {
        process.env["TMPDIR"] = dir;
        const error = await startFailure(NewClient({ command: fixture("echo"), transport: "unix" }));
        expect(error.message).toBe(
          `Cannot start plugin "${fixture("echo")}": its socket would not be safe in the temporary directory: every user can write to "${outer}"\n` +
            "  Run chmod +t there, or set TMPDIR to a directory of your own.",
        );
        expect(error.reason).toBe("untrusted");
      }
      chmodSync(outer, 0o1777);
      await using client = NewClient({ command: fixture("echo"), transport: "unix" });
      await client.start();
    } finally {
      process.env["TMPDIR"] = before;
      rmSync(join(before, "link-to-open"));
      rmSync(outer, { recursive: true });
    }
  },
);
