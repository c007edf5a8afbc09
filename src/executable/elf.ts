import type { FileHandle } from "node:fs/promises";
import { endianness } from "node:os";
import { StartFault } from "./start-fault.js";

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
const ORDERS: Readonly<Record<number, "LE" | "BE">> = { 1: "LE", 2: "BE" };
const NO_PROGRAMS: Readonly<Record<number, string>> = { 1: "an object file", 4: "a core dump" };
/** Where the fields are, in bytes, by the class of the file: 32 bits and 64. */
const LAYOUTS = {
  1: { header: 52, tableAt: 28, entrySizeAt: 42, entry: 32, offsetAt: 4, sizeAt: 16 },
  2: { header: 64, tableAt: 32, entrySizeAt: 54, entry: 56, offsetAt: 8, sizeAt: 32 },
} as const;
const LONGEST_TABLE_BYTES = 65_536;
const LOADER = 3;
const LONGEST_LOADER_BYTES = 4_096;

/**
 * Checks the header of a program as the system does before it makes a process into it.
 * @param head The first bytes of the file, 64 of them unless it is shorter.
 * @throws {Error} With the end of a sentence that says why it is not run.
 */
export async function checkElf(file: string, head: Buffer, handle: FileHandle): Promise<void> {
  if (head.length < 20) throw cutShort(file);
  const order = ORDERS[head[5] as number];
  if (order === undefined) throw damaged(file);
  checkMachine(file, order === "LE" ? head.readUInt16LE(18) : head.readUInt16BE(18));
  const layout = LAYOUTS[head[4] as keyof typeof LAYOUTS] as (typeof LAYOUTS)[keyof typeof LAYOUTS] | undefined;
  // The rest is in the order of this machine, or it would be one for another.
  if (layout === undefined || order !== endianness() || head[6] !== 1) throw damaged(file);
  if (head.length < layout.header) throw cutShort(file);
  const type = readNumber(head, 16, 2);
  if (type !== 2 && type !== 3) {
    const what = NO_PROGRAMS[type];
    throw what === undefined ? damaged(file) : new StartFault("format", `"${file}" is ${what}, and no program`);
  }
  const wide = layout === LAYOUTS[2] ? 8 : 4;
  const count = readNumber(head, layout.entrySizeAt + 2, 2);
  if (readNumber(head, 20, 4) !== 1 || readNumber(head, layout.entrySizeAt, 2) !== layout.entry || count === 0) throw damaged(file);
  const table = await read(handle, readNumber(head, layout.tableAt, wide), count * layout.entry);
  if (table === undefined) throw cutShort(file);
  if (table.length > LONGEST_TABLE_BYTES) throw damaged(file);
  for (let at = 0; at < table.length; at += layout.entry) {
    if (readNumber(table, at, 4) !== LOADER) continue;
    await checkLoader(file, handle, readNumber(table, at + layout.offsetAt, wide), readNumber(table, at + layout.sizeAt, wide));
  }
}

/** The path of the program that loads it, which the file holds. */
async function checkLoader(file: string, handle: FileHandle, at: number, size: number): Promise<void> {
  if (size < 2 || size > LONGEST_LOADER_BYTES) throw damaged(file);
  const path = await read(handle, at, size);
  if (path === undefined) throw cutShort(file);
  if (path.at(-1) !== 0) throw damaged(file);
}

function checkMachine(file: string, machine: number): void {
  const ours = MACHINES[process.arch];
  if (ours === undefined || machine === ours) return;
  const theirs = Object.entries(MACHINES).find(([, value]) => value === machine)?.[0] ?? `machine ${machine}`;
  if (theirs === ALSO_RUNS[process.arch]) return;
  const sentence = `"${file}" is a program for ${theirs}, and this machine is ${process.arch}`;
  throw new StartFault("format", `${sentence}\n  Build it for ${process.platform} ${process.arch}.`);
}

function cutShort(file: string): StartFault {
  return new StartFault("format", `"${file}" is a program that was cut short\n  Copy or build it anew.`);
}

function damaged(file: string): StartFault {
  return new StartFault("format", `"${file}" begins like a program, and its header makes no sense\n  Copy or build it anew.`);
}

/** A number in the order of this machine; beyond 2 ** 53 it is not exact, and beyond any file. */
function readNumber(bytes: Buffer, at: number, size: 2 | 4 | 8): number {
  if (size === 8) return Number(endianness() === "LE" ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return endianness() === "LE" ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
}

/** Undefined where the file does not go so far. */
async function read(handle: FileHandle, at: number, size: number): Promise<Buffer | undefined> {
  if (!Number.isSafeInteger(at)) return undefined;
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, at);
  return bytesRead === size ? buffer : undefined;
}
