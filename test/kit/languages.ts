import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PLUGINS = new URL("../../examples/plugins/", import.meta.url);

/** The absolute path of a file of the example plugins. */
export function examplePlugin(path: string): string {
  return fileURLToPath(new URL(path, PLUGINS));
}

/** How each program is asked whether it is there. */
const ASKED = { python3: ["--version"], go: ["version"], busybox: ["true"] } as const;

/** Why tests that need a program cannot run here, if so. Where everything must run, its lack is a fault. */
export function lacks(program: keyof typeof ASKED): string | undefined {
  const { status } = spawnSync(program, ASKED[program], { stdio: "ignore" });
  if (status === 0) return undefined;
  const why = `"${program}" is not on PATH`;
  if (process.env["CI"]) throw new Error(`Cannot run the tests that need ${program}: ${why}`);
  return why;
}

/** Builds the Go plugin into a directory and says where it is. */
export function buildGoPlugin(dir: string): string {
  const file = join(dir, "go-greeter");
  execFileSync("go", ["build", "-buildvcs=false", "-o", file, "."], {
    cwd: examplePlugin("go-greeter/"),
    env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return file;
}

/**
 * A Python that has the library `websockets`, for plugins that dial in; or why there is none. Where everything must run, its lack is a
 * fault. `MORTISE_PYTHON` names one, where that of PATH has it not.
 */
export function pythonWithWebsockets(): { readonly command: string } | { readonly lacking: string } {
  const candidates = [process.env["MORTISE_PYTHON"], "python3", "/usr/bin/python3"].filter((name) => name !== undefined);
  const command = candidates.find((name) => spawnSync(name, ["-c", "import websockets"], { stdio: "ignore" }).status === 0);
  if (command !== undefined) return { command };
  const lacking = 'no python3 has the library "websockets"';
  if (process.env["CI"]) throw new Error(`Cannot run the tests of plugins in Python that dial in: ${lacking}`);
  return { lacking };
}
