import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { PluginError } from "../../errors.js";
import { systemClock } from "../../util/clock.js";
import { isRunning, machineOf, startTimeOf } from "./owner.js";

/** Who holds a lock, as its file says it. */
interface Owner {
  readonly pid: number;
  /** Tells the process from a later one of its number; empty where the system does not say. */
  readonly startTime: string;
  readonly machine: string;
  readonly hostname: string;
  readonly program: string;
  readonly since: string;
}

// A host on another machine, or in another container, cannot be asked whether it lives: it says so.
const BEAT_MS = 5_000;
const SILENT_MS = 20_000;
// Two that begin at once give way to each other, and try again at different times.
const TRIES = 5;

/** A directory's lock: one host at a time. */
export interface StoreLock {
  release(): Promise<void>;
}

/**
 * Takes a directory's lock. Each host has a file of its own, which it writes before it looks for others': of two, the later always sees
 * the earlier. One whose host is dead is taken away.
 * @throws {PluginError} `STORE_LOCKED`, naming who holds it.
 */
export async function lockStore(directory: string, attempt: string): Promise<StoreLock> {
  const locks = join(directory, "locks");
  await mkdir(locks, { recursive: true, mode: 0o700 });
  for (let tried = 1; ; tried++) {
    const own = await writeOwn(locks);
    const other = await findOther(locks, own);
    if (other === undefined) return hold(join(locks, own));
    await rm(join(locks, own), { force: true });
    if (tried === TRIES) throw locked(attempt, directory, locks, other);
    await new Promise<void>((resolve) => systemClock.afterHolding(10 + 50 * Math.random(), resolve));
  }
}

/** Whole as soon as it is there: it is written under another name. */
async function writeOwn(locks: string): Promise<string> {
  const name = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const owner: Owner = {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    machine: machineOf(),
    hostname: hostname(),
    program: process.argv[1] ?? process.execPath,
    since: new Date().toISOString(),
  };
  const beside = join(locks, `${name}.tmp`);
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(JSON.stringify(owner));
    } finally {
      await file.close();
    }
    await link(beside, join(locks, `${name}.lock`));
  } finally {
    await rm(beside, { force: true });
  }
  return `${name}.lock`;
}

async function findOther(locks: string, own: string): Promise<{ readonly owner: Owner; readonly name: string } | undefined> {
  const { mtimeMs: now } = await stat(join(locks, own));
  for (const name of await readdir(locks)) {
    if (name === own || !name.endsWith(".lock")) continue;
    const path = join(locks, name);
    const owner = await readOwner(path);
    // Gone meanwhile; or no lock of ours.
    if (owner === undefined) continue;
    const age = now - (await stat(path).catch(() => ({ mtimeMs: now }))).mtimeMs;
    const lives = owner.machine === machineOf() ? isRunning(owner.pid, owner.startTime) : age < SILENT_MS;
    if (lives) return { owner, name };
    await rm(path, { force: true });
  }
  return undefined;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function hold(path: string): StoreLock {
  let stopped = false;
  let callOff: () => void = () => {};
  const beat = (): void => {
    callOff = systemClock.after(BEAT_MS, () => {
      const now = new Date();
      utimes(path, now, now)
        .catch(() => {})
        .finally(() => !stopped && beat());
    });
  };
  beat();
  return {
    async release() {
      stopped = true;
      callOff();
      await rm(path, { force: true });
    },
  };
}

function locked(
  attempt: string,
  directory: string,
  locks: string,
  { owner, name }: { readonly owner: Owner; readonly name: string },
): PluginError {
  const { pid, program, since } = owner;
  const here = owner.machine === machineOf();
  const who =
    pid === process.pid && here ? "another host of this program" : `process ${pid} (${program})${here ? "" : ` on "${owner.hostname}"`}`;
  const remedy = here
    ? "End it first, or give this host a dataDir of its own."
    : `If that is gone, this is over in ${SILENT_MS / 1_000} s, or remove "${join(locks, name)}".`;
  return new PluginError("STORE_LOCKED", `${attempt}: ${who} has had "${directory}" since ${since}\n  ${remedy}`);
}
