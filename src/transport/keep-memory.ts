// As long as glibc lets a piece be from which it learns.
const LONGEST_BYTES = 32 * 1024 * 1024 - 64 * 1024;
let told = false;

/**
 * Has the system's allocator keep freed memory, up to 64 MiB, once long messages come. As it begins, glibc gives each long piece back at
 * once, and takes the next one page by page anew, which costs half as much again as all else that a message of 1 MiB costs. It learns to
 * keep them when a long piece is freed; nobody writes to this one, so that it never becomes real. Elsewhere it does nothing.
 */
export function keepFreedMemory(): void {
  if (told) return;
  told = true;
  Buffer.allocUnsafeSlow(LONGEST_BYTES);
}
