import { readdirSync, readFileSync } from "node:fs";
import { type Logger, silentLogger } from "../util/logger.js";

// O_CLOEXEC in the flags that Linux shows, octal.
const CLOSED_ON_EXEC = 0o2000000;
let told = false;

/**
 * Warns, once in the life of this process, of descriptors that whoever started it left open: Node.js closes them for the programs
 * that it starts only up to number 16, and plugins could read the others. What Node.js opens itself is closed for them.
 */
export function warnOfInheritedDescriptors(logger: Logger): void {
  if (told || logger === silentLogger || process.platform !== "linux") return;
  told = true;
  const found = openDescriptors()
    .filter(isHandedOn)
    .sort((a, b) => a - b);
  if (found.length === 0) return;
  const which = `descriptor${found.length === 1 ? "" : "s"} ${found.slice(0, 8).join(", ")}${found.length > 8 ? ", …" : ""}`;
  logger.warn(
    `Every plugin is handed what this program has open beside its own files: ${which}\n  Close it where this program is started, or mark it close-on-exec.`,
    { descriptors: found },
  );
}

// A plugin runs by now, and must not be lost because this program has no descriptor left to look with, or no /proc.
function openDescriptors(): number[] {
  try {
    return readdirSync("/proc/self/fdinfo").map(Number);
  } catch {
    return [];
  }
}

function isHandedOn(descriptor: number): boolean {
  if (descriptor <= 2) return false;
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    return false; // It was the one that read the directory.
  }
}
