import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";

gate();

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const load = (path: string): string => JSON.stringify(join(ROOT, path));

const PLUGIN = `import { implement, serve } from ${load("dist/plugin.js")};
import { greeter } from ${load("examples/plugins/greeter/greeter.js")};
serve({ provides: [implement(greeter, { greet: ({ name }) => "Hello, " + name + "!" })] });`;

const HOST = `import { NewClient } from ${load("dist/index.js")};
import { greeter } from ${load("examples/plugins/greeter/greeter.js")};
const client = NewClient({ command: [process.execPath, process.argv[2]] });
client.dispense(greeter).then(({ greet }) => greet({ name: "world" })).then(console.log).finally(() => client.kill());`;

/** Joins a program and all that it imports into one file. */
async function intoOneFile(dir: string, name: string, program: string, format: "esm" | "cjs"): Promise<string> {
  const input = join(dir, `${name}.mjs`);
  const file = join(dir, `${name}-joined.${format === "esm" ? "mjs" : "cjs"}`);
  writeFileSync(input, program);
  await build({
    input,
    platform: "node",
    resolve: { modules: [join(ROOT, "node_modules")] },
    external: ["@opentelemetry/api"],
    // As other tools have it: a CommonJS file has no address.
    ...(format === "cjs" ? { transform: { define: { "import.meta": "{}" } } } : {}),
    output: { file, format, codeSplitting: false },
  });
  return file;
}

test.for(["esm", "cjs"] as const)(
  "a plugin and a host that are joined into a file each, this package included, work: %s",
  async (format) => {
    const dir = mkdtempSync(join(tmpdir(), "joined-"));
    try {
      const plugin = await intoOneFile(dir, "plugin", PLUGIN, format);
      const host = await intoOneFile(dir, "host", HOST, format);
      expect(execFileSync(process.execPath, [host, plugin], { encoding: "utf8" })).toBe("Hello, world!\n");
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);
