import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { askPs } from "../../src/process/ask-ps.js";
import { gate } from "../kit/gate.js";

gate();
const noPs = spawnSync("ps", ["-o", "pid=", "-p", String(process.pid)]).status !== 0;

test.skipIf(noPs)("[O28] askPs() tells when a process began and whether it leads its group, and of none that is gone", async () => {
  const leader = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const member = spawn("sleep", ["60"], { stdio: "ignore" });
  const [first, second] = [askPs(leader.pid as number), askPs(leader.pid as number)];
  expect(first).toMatchObject({ leadsGroup: true });
  expect(first?.startTime).toMatch(/ \d\d:\d\d:\d\d /);
  expect(second).toEqual(first);
  expect(askPs(member.pid as number)).toMatchObject({ leadsGroup: false });
  const gone = Promise.all([once(leader, "exit"), once(member, "exit")]);
  leader.kill("SIGKILL");
  member.kill("SIGKILL");
  await gone;
  expect(askPs(leader.pid as number)).toBe(undefined);
});
