/** A person's own: `0` leaves the allocator as it is. */
const KEEP_MEMORY = "MORTISE_KEEP_MEMORY";
// As long as glibc lets a piece be from which it learns.
const LONGEST_BYTES = 32 * 1024 * 1024 - 64 * 1024;
let done = false;

/**
 * Has the system's allocator keep freed memory, up to 64 MiB, once long messages come; `MORTISE_KEEP_MEMORY=0` turns that off.
 *
 * As it begins, glibc gives each long piece back at once, and takes the next one page by page anew, which costs half as much again as all
 * else that a message of 1 MiB costs. It learns to keep them when a long piece is freed. This one is never written to, so that it takes no
 * memory itself. With other allocators it does nothing.
 */
export function keepFreedMemory(): void {
  if (done || process.env[KEEP_MEMORY] === "0") return;
  done = true;
  Buffer.allocUnsafeSlow(LONGEST_BYTES);
}
