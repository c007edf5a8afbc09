import { spawn, spawnSync } from "node:child_process";
import { on } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const host = (name: string): string => fileURLToPath(new URL(`../../fixtures/hosts/${name}.mjs`, import.meta.url));

/** Runs a program in a process namespace of its own, where a process's number can be chosen. Its first process reaps. */
function inNamespace(...words: readonly string[]): ReturnType<typeof spawnSync> {
  const args = ["--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-c", '"$@"; exit $?', "sh", ...words];
  return spawnSync("unshare", args, { encoding: "utf8", timeout: 100_000 });
}

const choosesNumbers = inNamespace("/bin/sh", "-c", "echo 300 > /proc/sys/kernel/ns_last_pid").status === 0;

test.skipIf(!choosesNumbers).for([
  ["it was a descendant's that had left the group, and kill() was waiting for the plugin's end", "outsider"],
  ["kill() was waiting for the plugin's end", "kill"],
  ["the host died together with the plugin, and its guardian has work to do", "guardian"],
] as const)("[F18] who gets a dead process's number is not signalled when %s (needs root, and unshare)", ([, what]) => {
  const plugin = fixture(what === "outsider" ? "has-a-child" : "never-ends");
  const words = [process.execPath, host("meets-a-reused-number"), what, plugin, host("has-plugins")];
  let told = inNamespace(...words);
  for (let left = 4; told.stdout === "taken" && left > 0; left--) told = inNamespace(...words);
  const { stdout, stderr, status } = told;
  expect({ stdout, stderr, status }).toEqual({ stdout: "alive", stderr: "", status: 0 });
});

/** A process with a child in a session of its own, and the way to end both. */
async function leaderAndChild(): Promise<{ leader: number; child: number; end(): void }> {
  const leader = spawn("/bin/sh", ["-c", "setsid sh -c 'echo $$; exec sleep 600' & wait"], { stdio: ["ignore", "pipe", "ignore"] });
  for await (const [line] of on(createInterface(leader.stdout), "line")) {
    const child = Number(line);
    const end = (): void => {
      for (const pid of [leader.pid as number, child]) process.kill(pid, "SIGKILL");
    };
    return { leader: leader.pid as number, child, end };
  }
  throw new Error("It said nothing");
}

test.skipIf(!choosesNumbers)(
  "[F18] kill() signals nobody by what the /proc of another process namespace says (needs root, and unshare)",
  async () => {
    let stdout = "taken";
    let stderr = "";
    for (let left = 5; stdout === "taken" && left > 0; left--) {
      const { leader, child, end } = await leaderAndChild();
      const words = [process.execPath, host("beside-another-proc"), String(leader), String(child), fixture("echo")];
      const told = spawnSync("unshare", ["--pid", "--fork", "--kill-child", ...words], { encoding: "utf8", timeout: 100_000 });
      [stdout, stderr] = [told.stdout, told.stderr];
      end();
    }
    expect({ stdout, stderr }).toEqual({ stdout: "alive", stderr: "" });
  },
);
