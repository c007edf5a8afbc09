import { spawnSync } from "node:child_process";
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
