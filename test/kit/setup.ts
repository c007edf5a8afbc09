import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

// A temp directory of this file's own, so that what a test leaves behind is seen, and is nobody else's.
const outer = realpathSync(tmpdir());
const dir = mkdtempSync(join(outer, "mt-"));
process.env["TMPDIR"] = dir;
// A test must not depend on being run inside a plugin, or on the person who runs it.
for (const name of Object.keys(process.env)) if (name.startsWith("PLUGIN_")) delete process.env[name];
// Nor leave anything in that person's cache.
process.env["MORTISE_COMPILE_CACHE"] = "0";
afterAll(() => {
  // Another file may follow in this process.
  process.env["TMPDIR"] = outer;
  rmSync(dir, { recursive: true, force: true });
});
