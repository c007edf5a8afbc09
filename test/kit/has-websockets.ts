import { spawnSync } from "node:child_process";

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
