import type { FileHandle } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1_024;
const NEWLINE = 10;

/**
 * The lines of a file from its end to its beginning, in UTF-8 and without their ends. Read in blocks, so that the last lines of a long file
 * cost no more than those of a short one.
 * @param bytes How much of the file is read: what is appended meanwhile is not.
 */
export async function* linesBackwards(file: FileHandle, bytes: number): AsyncGenerator<string> {
  let position = bytes;
  // What begins before the block that was read.
  let rest: Buffer[] = [];
  while (position > 0) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(block, 0, length, position);
    let end = bytesRead;
    for (
      let newline = block.lastIndexOf(NEWLINE, end - 1);
      newline >= 0 && end > 0;
      newline = newline === 0 ? -1 : block.lastIndexOf(NEWLINE, newline - 1)
    ) {
      const line = Buffer.concat([block.subarray(newline + 1, end), ...rest]).toString("utf8");
      rest = [];
      end = newline;
      if (line !== "") yield line;
    }
    rest = [block.subarray(0, end), ...rest];
  }
  const first = Buffer.concat(rest).toString("utf8");
  if (first !== "") yield first;
}
