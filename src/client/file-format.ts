import { open } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { findOnPath, isRunnable, type Surroundings } from "./search-path.js";

// The machine field of an ELF header, for the architectures Node.js runs on.
const MACHINES: Readonly<Record<string, number>> = {
  ia32: 3,
  ppc64: 21,
  s390x: 22,
  arm: 40,
  x64: 62,
  arm64: 183,
  riscv64: 243,
  loong64: 258,
};
// These machines run programs of those, where the system has the libraries for them.
const ALSO_RUNS: Readonly<Record<string, string>> = { x64: "ia32", arm64: "arm" };
// The system reads no more of a first line.
const HEAD_BYTES = 256;
const BOM = "\xef\xbb\xbf";

/**
 * Checks that the system can run what a file holds.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function checkFormat(file: string, surroundings: Surroundings): Promise<void> {
  const head = await readHead(file);
  if (head === undefined) return; // Executable and not readable: the system alone can tell.
  const begin = head.toString("latin1", 0, 5);
  if (head.length === 0) throw new Error(`its file "${file}" is empty`);
  if (begin.startsWith("#!")) return checkInterpreter(head, file, surroundings);
  if (begin.startsWith("\x7fELF")) return checkMachine(head, file);
  if (begin === `${BOM}#!`)
    throw new Error(`"${file}" begins with a byte order mark, which hides its "#!" line\n  Save it as UTF-8 without one.`);
  if (process.platform === "darwin") return; // Mach-O has several forms, and the system's own error says enough.
  const sentence = `"${file}" is neither a program nor a script with a "#!" line`;
  throw new Error(`${sentence}\n  Begin a script with its interpreter, as in #!/usr/bin/env python3`);
}

async function readHead(file: string): Promise<Buffer | undefined> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function checkInterpreter(head: Buffer, file: string, { cwd, path }: Surroundings): Promise<void> {
  const line = head.toString("utf8", 2).split("\n")[0] ?? "";
  const firstLine = `the first line of "${file}"`;
  if (line.endsWith("\r")) {
    const why = "which the system takes for part of the interpreter's name";
    throw new Error(`${firstLine} ends in a carriage return, ${why}\n  Save it with Unix line ends.`);
  }
  const [interpreter = "", argument] = line.trim().split(/[ \t]+/);
  if (interpreter === "") throw new Error(`${firstLine} names no interpreter after its "#!"`);
  if (!(await isRunnable(resolve(cwd, interpreter)))) {
    const remedy = isAbsolute(interpreter) ? "Install it, or name another." : "Write its absolute path.";
    throw new Error(`the interpreter "${interpreter}" that ${firstLine} names cannot be run\n  ${remedy}`);
  }
  // Without a PATH, env has one of its own.
  const onPath = /\/env$/.test(interpreter) && path !== undefined && argument !== undefined && !/^-|=/.test(argument);
  if (!onPath || argument.includes("/") || (await findOnPath(argument, path)) !== undefined) return;
  throw new Error(
    `the interpreter "${argument}" that ${firstLine} names is not on its PATH\n  Install it, or give the plugin a PATH that has it.`,
  );
}

function checkMachine(head: Buffer, file: string): void {
  if (head.length < 20) throw new Error(`"${file}" is a program that was cut short`);
  const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
  const ours = MACHINES[process.arch];
  if (ours === undefined || machine === ours) return;
  const theirs = Object.entries(MACHINES).find(([, value]) => value === machine)?.[0] ?? `machine ${machine}`;
  if (theirs === ALSO_RUNS[process.arch]) return;
  const sentence = `"${file}" is a program for ${theirs}, and this machine is ${process.arch}`;
  throw new Error(`${sentence}\n  Build it for ${process.platform} ${process.arch}.`);
}
