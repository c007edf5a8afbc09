import { open } from "node:fs/promises";
import { StartFault } from "./start-fault.js";

/**
 * Checks that Windows can run what a file holds, without a shell.
 *
 * Batch files are run by cmd.exe alone, which takes arguments apart by rules of its own: what a caller passes could become a command.
 * Node.js refuses them for that reason, too, with EINVAL and no further word.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function checkWindowsFormat(file: string): Promise<void> {
  if (/\.(cmd|bat)$/i.test(file)) {
    const remedy = "Name what it starts: the .exe file, or the .js file, which runs on this Node.js.";
    throw new StartFault(
      "format",
      `"${file}" is a batch file, which only a shell can run, and a plugin is started without one\n  ${remedy}`,
    );
  }
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return; // It cannot be read: the system alone can tell.
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 2 && buffer.toString("latin1") === "MZ") return;
  } finally {
    await handle.close();
  }
  throw new StartFault(
    "format",
    `"${file}" is no program of Windows\n  Name the interpreter of a script first, as in ["python", "plugin.py"].`,
  );
}
