import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fixture } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
const HOST = fileURLToPath(new URL("../fixtures/hosts/starts-a-plugin.mjs", import.meta.url));

interface Warning {
  readonly message: string;
  readonly fields: { readonly descriptors: readonly number[] };
}

// As on a system without /proc. It is loaded before the host is.
const NO_PROC = `data:text/javascript,${encodeURIComponent(`
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  for (const name of ["readdirSync", "readFileSync"]) {
    const before = fs[name];
    fs[name] = (path, ...rest) => {
      if (String(path).startsWith("/proc/")) throw Object.assign(new Error("ENOENT: no such file or directory"), { code: "ENOENT" });
      return before(path, ...rest);
    };
  }
  syncBuiltinESMExports();
`)}`;

// What this very process was started with, and what its test runner opens meanwhile, would be handed on: all but what is named is closed.
const CLOSES_OTHERS = `
  for path in /proc/$$/fd/*; do
    number=\${path##*/}
    case " 0 1 2 255 $0 " in *" $number "*) ;; *) eval "exec $number>&-" ;; esac
  done
  exec "$@"`;

/** What a host's log is told that was started with these descriptors open, and options of Node.js. */
async function warningsOf(descriptors: readonly number[], options: readonly string[] = [], ...args: readonly string[]): Promise<Warning[]> {
  const file = openSync(HOST, "r");
  const stdio = ["ignore", "pipe", "inherit"] as (string | number)[];
  for (const descriptor of descriptors) {
    while (stdio.length < descriptor) stdio.push("ignore");
    stdio.push(file);
  }
  const command = [process.execPath, "--no-warnings", ...options, HOST, fixture("echo"), ...args];
  const child = spawn("bash", ["-c", CLOSES_OTHERS, descriptors.join(" "), ...command], { stdio: stdio as never });
  closeSync(file);
  const closed = once(child, "close");
  const printed = await text(child.stdout as NodeJS.ReadableStream & AsyncIterable<string>);
  expect(await closed, "both of its starts succeed").toEqual([0, null]);
  return printed
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ message, fields: { descriptors: told } }) => ({ message, fields: { descriptors: told } }));
}

const linux = test.skipIf(process.platform !== "linux");

linux("[F27] a host is warned, once, of descriptors that every plugin is handed", async () => {
  expect(await warningsOf([40, 200])).toEqual([
    {
      message:
        "Every plugin is handed what this program has open beside its own files: descriptors 40, 200\n" +
        "  Close it where this program is started, or mark it close-on-exec.",
      fields: { descriptors: [40, 200] },
    },
  ]);
});

linux("[F27] a host is not warned of what it opened itself, nor of descriptors that Node.js closes", async () => {
  expect(await warningsOf([3, 9])).toEqual([]);
});

linux("[F27, F21] a plugin starts although the log that is warned throws", async () => {
  const warnings = await warningsOf([40], [], "full");
  expect(warnings).toMatchObject([{ fields: { descriptors: [40] } }]);
});

linux("[F27, F24] where there is no /proc nobody is warned, and the start goes well", async () => {
  expect(await warningsOf([40], ["--import", NO_PROC])).toEqual([]);
});
