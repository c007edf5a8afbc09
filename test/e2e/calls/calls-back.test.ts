import { expect, test } from "vitest";
import { defineContract, implement, method, notification, PluginError } from "../../../src/index.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const work = defineContract("work", { run: method<string, string>(), later: method<string>(), fail: method() });
const ui = defineContract("ui", { ask: method<string, string>(), show: notification<string>(), deny: method() });

/** A host that offers `ui`, and hears what is shown. */
function start(transport: "tcp" | "websocket" = "tcp") {
  const shown: string[] = [];
  let wake: (() => void) | undefined;
  const provides = [
    implement(ui, {
      ask: (question) => `${question} nobody`,
      show: (text) => {
        shown.push(text);
        wake?.();
      },
      deny: () => {
        throw new PluginError("UNAUTHORIZED", "Not for you");
      },
    }),
  ];
  const next = () => new Promise<void>((resolve) => (wake = resolve));
  return { client: clientFor("calls-back", { provides, transport }), shown, next };
}

for (const transport of ["tcp", "websocket"] as const) {
  test(`[O20] a plugin calls its host during its own calls, over ${transport}`, async () => {
    const { client, shown } = start(transport);
    const { run } = await client.dispense(work);
    expect(await Promise.all([run("a"), run("b")])).toEqual(["who is a? nobody", "who is b? nobody"]);
    expect(shown).toEqual(["running a", "running b"]);
    await client.kill();
  });
}

test("[O20] a plugin calls its host after its own call", async () => {
  const { client, shown, next } = start();
  const { later } = await client.dispense(work);
  const heard = next();
  await later("that");
  await heard;
  expect(shown).toEqual(["after that"]);
  await client.kill();
});

test("[O20] what the host throws reaches the plugin, and from there the caller", async () => {
  const { client } = start();
  const { fail } = await client.dispense(work);
  // The plugin passes on the refusal that it got itself: its own caller is refused, too.
  expect(await rejection(fail())).toMatchObject({ code: "UNAUTHORIZED", message: expect.stringContaining("Not for you") });
  await client.kill();
});

test("[O20] a plugin whose host offers nothing is told what is missing", async () => {
  const client = clientFor("calls-back");
  const { run } = await client.dispense(work);
  expect(await rejection(run("a"))).toMatchObject({
    code: "REMOTE_ERROR",
    remoteCode: "NOT_PROVIDED",
    message: 'Cannot dispense "ui": the host does not provide it; it provides nothing',
  });
  await client.kill();
});
