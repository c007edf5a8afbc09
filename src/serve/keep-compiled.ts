import { createHash, randomBytes } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../util/clock.js";
import { isOwn } from "./compile-cache.js";

// What a start calls has been called by then. Later, V8 forgets what is not called any more.
const KEEP_AFTER_MS = 1_000;
// One for each version of this package, Node.js and its flags that was of late in use; a third of a megabyte each.
const MAX_ENTRIES = 16;
const ABANDONED_MS = 3_600_000;
const ENTRY = /^plugin-.*\.cache$/;
const PART = /^plugin-.*\.part$/;

/**
 * Keeps what V8 has made of the functions that were called so far, once: in a second, or as this process exits by itself. Where that
 * cannot be, nothing is said: the next start is as slow as this one.
 */
export function keepCompiled(compile: () => Buffer, file: string): void {
  let kept = false;
  const keep = (): void => {
    if (kept) return;
    kept = true;
    try {
      writeEntry(file, compile);
    } catch {
      // A disk that is full or read-only, a user without a directory, a process that may not write.
    }
  };
  systemClock.after(KEEP_AFTER_MS, keep);
  process.on("exit", (code) => code === 0 && keep());
}

/** Others may start at the same time, and read while this is written: it has its name only once it is whole. */
function writeEntry(file: string, compile: () => Buffer): void {
  const directory = dirname(file);
  makeDirectory(directory);
  const compiled = compile();
  const part = file.replace(/\.cache$/, `-${randomBytes(8).toString("hex")}.part`);
  const digest = createHash("sha256").update(compiled).digest();
  try {
    writeFileSync(part, Buffer.concat([digest, compiled]), { flag: "wx", mode: 0o600 });
    // Of what was asked for the umask may have taken something away, and nobody could read it any more.
    chmodSync(part, 0o600);
    renameSync(part, file);
  } catch (error) {
    removeIfThere(part);
    throw error;
  }
  removeOld(directory);
}

/** @throws {Error} If it is not this user's own. In somebody else's directory, as with a HOME that root has kept, nothing is made. */
function makeDirectory(directory: string): void {
  const missing: string[] = [];
  let parent = directory;
  let found = statSync(parent, { throwIfNoEntry: false });
  while (found === undefined) {
    missing.unshift(parent);
    parent = dirname(parent);
    found = statSync(parent, { throwIfNoEntry: false });
  }
  const user = process.geteuid?.();
  if (user !== undefined && found.uid !== user) throw new Error(`"${parent}" belongs to user ${found.uid}`);
  // Not all at once, which Node.js tries for ever below /proc.
  for (const path of missing) makeOne(path);
  const made = lstatSync(directory);
  if (!made.isDirectory() || !isOwn(made)) throw new Error(`"${directory}" can be changed by others`);
}

function makeOne(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
    chmodSync(directory, 0o700);
  } catch (error) {
    // Another start was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function removeOld(directory: string): void {
  const aged = readdirSync(directory)
    .filter((name) => ENTRY.test(name) || PART.test(name))
    .map((name) => ({ path: join(directory, name), name, atMs: statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.atMs - a.atMs);
  const entries = aged.filter(({ name }) => ENTRY.test(name)).slice(MAX_ENTRIES);
  const abandoned = aged.filter(({ name, atMs }) => PART.test(name) && atMs < Date.now() - ABANDONED_MS);
  for (const { path } of [...entries, ...abandoned]) removeIfThere(path);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process was faster.
  }
}
