import { guard, isGuarding } from "./guardian.js";

/** What cleanupClients() ends. */
interface Managed {
  kill(): Promise<unknown>;
}

/** True once cleanupClients() has begun: what dies from now on is not a crash. A live binding. */
export let killed = false;

const managed = new Set<Managed>();
const groups = new Set<number>();

/** Kills every managed client, all at once; resolves when each is gone. Safe to call twice, and from a signal handler. */
export async function cleanupClients(): Promise<void> {
  killed = true;
  await Promise.allSettled([...managed].map((client) => client.kill()));
}

/** Counts a client among the managed ones. Returns the way out. */
export function manage(client: Managed): () => void {
  managed.add(client);
  return () => managed.delete(client);
}

/** Sees to it that a process group does not outlive this process. Returns the way out. */
export function trackGroup(pid: number): () => void {
  const unguard = guard("group", String(pid));
  if (groups.size === 0) process.on("exit", killGroups);
  groups.add(pid);
  return () => {
    unguard();
    groups.delete(pid);
    if (groups.size === 0) process.off("exit", killGroups);
  };
}

// In an exit handler only what is synchronous still happens. The guardian leaves plugins the time to clean up; where there is none,
// nobody would end those that do not end by themselves.
function killGroups(): void {
  if (isGuarding()) return;
  for (const pid of groups) {
    try {
      process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
}
