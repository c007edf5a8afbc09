import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { defineContract, method, NewClient, type ReattachConfig } from "../../../src/index.js";
import { fixture, startFixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";

gate();
const family = defineContract("family", { child: method<void, number>() });
const alone = defineContract("alone", { version: method<void, number>(), exit: method<void, void>() });

/** A plugin that a person starts at a shell, and what it says. */
async function byHand(nodeArgs: readonly string[] = [], file = "serves-alone", args: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, fixture(file), ...args], {
    env: { MORTISE_STANDALONE: "1" },
    stdio: "pipe",
    // As a shell does with each command.
    detached: true,
  });
  onTestFinished(() => void child.kill("SIGKILL")); // Nobody else would end it if the test fails.
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      said[name] += chunk;
    });
  }
  await expect.poll(() => said.stderr).toMatch(/\}'\n/);
  const text = /MORTISE_REATTACH='(\{.*\})'/.exec(said.stderr)?.[1] as string;
  return { child, said, text, ended: once(child, "close") };
}

test("[O28] a plugin started on its own prints what a host needs to attach, serves it, and cleans up at Ctrl+C", async () => {
  const { child, said, text, ended } = await byHand();
  expect(said.stderr).toBe(
    `This plugin serves on its own, as process ${child.pid}, until Ctrl+C. Attach a host to it with:\n\n  MORTISE_REATTACH='${text}'\n\n`,
  );
  expect((JSON.parse(text) as ReattachConfig).pid).toBe(child.pid);
  for (const apiVersion of [1, 2]) {
    const client = NewClient({ reattach: text, apiVersions: [apiVersion] });
    expect(await (await client.dispense(alone)).version()).toBe(apiVersion);
    expect(await client.kill()).toEqual({ kind: "closed", by: "us" });
  }
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(said.stderr.endsWith("cleaned up\n")).toBe(true);
  expect(said.stdout).toBe("");
});

test("[O28] it is served under a debugger, and a host with mayKill ends it in order", async () => {
  const { said, text, ended } = await byHand(["--inspect=127.0.0.1:0"]);
  expect(said.stderr).toContain("Debugger listening");
  const client = NewClient({ reattach: { ...(JSON.parse(text) as ReattachConfig), mayKill: true } });
  await client.start();
  expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
  expect(await ended).toEqual([0, null]);
  expect(said.stderr).toContain("cleaned up");
});

test("[O28, O35] a host with mayKill ends what it started as well, in its group and out of it", async () => {
  for (const words of [[], ["detached"]]) {
    const { text, ended } = await byHand([], "has-a-child", words);
    const client = NewClient({ reattach: { ...(JSON.parse(text) as ReattachConfig), mayKill: true } });
    const child = await (await client.dispense(family)).child();
    expect(isAlive(child)).toBe(true);
    expect(await client.kill()).toEqual({ kind: "killed", forced: false, escaped: [] });
    expect(isAlive(child)).toBe(false);
    await ended;
  }
});

test("[O8, O28] one of several in an executable is chosen as ever", async () => {
  const { child, text, ended } = await byHand([], "holds-several", ["kv"]);
  const client = NewClient({ reattach: text });
  expect((await client.client()).provided).not.toEqual([]);
  await client.kill();
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("[O28] a plugin that a host starts heeds the host, whatever it inherited", async () => {
  await using client = await startFixture("serves-alone", { env: { MORTISE_STANDALONE: "1" } });
  expect(await (await client.dispense(alone)).version()).toBe(1);
});
