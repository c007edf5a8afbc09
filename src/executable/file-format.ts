import { type FileHandle, open } from "node:fs/promises";
import { checkElf } from "./elf.js";
import { findInterpreter, firstLineOf } from "./interpreter-line.js";
import type { Surroundings } from "./search-path.js";
import { reasonIn, StartFault } from "./start-fault.js";

// The system reads no more of a first line.
const HEAD_BYTES = 256;
// A script's interpreter may be a script itself. So many of them the system goes through.
const MAX_INTERPRETERS = 5;
const BOM = "\xef\xbb\xbf";

/**
 * Checks that the system can run what a file holds, with all that its first line leads to.
 *
 * What the system itself refuses for its format a C library hands to /bin/sh instead (execvp() does, which Node.js spawns by), and then a
 * program's bytes are run as commands. So nothing of that kind may get as far as the spawn. What remains, for it shows in no header:
 * programs of a machine that this kernel was built without (32 bits on 64), files that may be run and not read, and what is changed
 * after it was looked at.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function checkFormat(file: string, surroundings: Surroundings, depth = 0): Promise<void> {
  const interpreter = await checkOne(file, surroundings);
  if (interpreter === undefined) return;
  const sentence = `the interpreter "${interpreter}" that ${firstLineOf(file)} names cannot be run`;
  if (depth === MAX_INTERPRETERS) throw new StartFault("format", `${sentence}: the system follows at most ${MAX_INTERPRETERS} of them`);
  await checkFormat(interpreter, surroundings, depth + 1).catch((cause: Error) => {
    throw new StartFault(reasonIn(cause, "format"), `${sentence}: ${cause.message}`, { cause });
  });
}

/** The interpreter, if it is a script. */
async function checkOne(file: string, surroundings: Surroundings): Promise<string | undefined> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return undefined; // Executable and not readable: the system alone can tell.
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return await checkHead(file, buffer.subarray(0, bytesRead), handle, surroundings);
  } finally {
    await handle.close();
  }
}

async function checkHead(file: string, head: Buffer, handle: FileHandle, surroundings: Surroundings): Promise<string | undefined> {
  const begin = head.toString("latin1", 0, 5);
  if (head.length === 0) throw new StartFault("format", `its file "${file}" is empty`);
  if (begin.startsWith("#!")) return findInterpreter(file, head, HEAD_BYTES, surroundings);
  if (begin.startsWith("\x7fELF")) {
    await checkElf(file, head, handle);
    return undefined;
  }
  if (begin === `${BOM}#!`)
    throw new StartFault("format", `"${file}" begins with a byte order mark, which hides its "#!" line\n  Save it as UTF-8 without one.`);
  if (process.platform === "darwin") return undefined; // Mach-O has several forms, and the system's own error says enough.
  const sentence = `"${file}" is neither a program nor a script with a "#!" line`;
  throw new StartFault("format", `${sentence}\n  Begin a script with its interpreter, as in #!/usr/bin/env python3`);
}
