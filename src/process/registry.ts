import { processWide } from "../util/process-wide.js";
import { guard, isGuarding } from "./guardian.js";

/** What cleanupClients() ends. */
interface Managed {
  kill(): Promise<unknown>;
}

/** What this process has started, and what of it cleanupClients() ends. */
class Registry {
  readonly managed = new Set<Managed>();
  readonly groups = new Set<number>();
  /** Told once cleanupClients() has begun. */
  readonly onCleanup = new Set<() => void>();
  cleaning = false;

  // In an exit handler only what is synchronous still happens. The guardian leaves plugins the time to clean up; where there is none,
  // nothing else would end those that do not end by themselves.
  readonly killGroups = (): void => {
    if (isGuarding()) return;
    for (const pid of this.groups) {
      try {
        process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    }
  };
}

const registry: Registry = processWide("registry/1", () => new Registry());

/** True once cleanupClients() has begun: what dies from now on is not a crash. A live binding. */
export let killed: boolean = registry.cleaning;
registry.onCleanup.add(() => {
  killed = true;
});

/** Kills every managed client, all at once; resolves when each is gone. Safe to call twice, and from a signal handler. */
export async function cleanupClients(): Promise<void> {
  registry.cleaning = true;
  for (const tell of registry.onCleanup) tell();
  await Promise.allSettled([...registry.managed].map((client) => client.kill()));
}

/** Counts a client among the managed ones. Returns the way out. */
export function manage(client: Managed): () => void {
  registry.managed.add(client);
  return () => registry.managed.delete(client);
}

/** Sees to it that a process group does not outlive this process. Returns the way out. */
export function trackGroup(pid: number): () => void {
  const { groups, killGroups } = registry;
  const unguard = guard("group", String(pid));
  if (groups.size === 0) process.on("exit", killGroups);
  groups.add(pid);
  return () => {
    unguard();
    groups.delete(pid);
    if (groups.size === 0) process.off("exit", killGroups);
  };
}
