// A host of four plugins, of which one is in Python and one is code of this program: an event, an action that two of them answer, a hook that
// vetoes, and a crash that one can watch being mended.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { collect, implement, isPluginError } from "mortise";
import { Host, type PluginSpec } from "mortise/host";
import { archive, newsroom } from "./newsroom.js";

const supervised = (id: string, command: string): PluginSpec => ({
  id,
  mode: "supervised",
  command,
  cwd: import.meta.dirname,
  required: true,
  restart: { initialMs: 50, jitter: 0 },
});
const plugins: PluginSpec[] = [
  supervised("archive", "./archive.js"),
  supervised("spelling", "./spelling.js"),
  {
    id: "shouting",
    mode: "inline",
    provides: [implement(newsroom, { publish: (post) => ({ ...post, title: post.title.toUpperCase() }) })],
  },
];
const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
if (hasPython) plugins.push(supervised("style", "./style.py"));

const host = new Host({ topics: newsroom, plugins });
try {
  await host.ready();
  print(
    "active",
    host.getSessions().map(({ id }) => id),
  );
  const { bus } = host;
  const stop = bus.on("published", ({ title }, { source }) => print("published", [title, `from ${source}`]));

  const draft = { title: "The tide", text: "teh tide turns" };
  const replies = await bus.run("review", draft, { strategy: collect });
  for (const reply of [...replies].sort((a, b) => a.order - b.order))
    print("review", [reply.pluginId, reply.ok ? reply.value : reply.error.message]);
  assert.equal(replies.length, hasPython ? 2 : 1);

  const post = await bus.pipe("publish", draft);
  await bus.emit("published", post);
  assert.deepEqual(post, { title: "THE TIDE", text: "the tide turns" });

  const vetoed = await bus.pipe("publish", { ...draft, title: "" }).catch((error: unknown) => error);
  assert.ok(isPluginError(vetoed, "VETOED"));
  print("vetoed", [vetoed.pluginId, vetoed.reason]);

  const session = host.getSession("archive");
  const { titles, crash } = await session.dispense(archive);
  print("archive", await titles());
  const watching = watchRestart();
  const lost = await crash().catch((error: unknown) => error);
  assert.ok(isPluginError(lost, "CONNECTION_LOST"));
  print("crash", [lost.message]);
  await watching;
  // The same remote goes on. What the process held is gone with it.
  print("archive", ["again", ...(await titles())]);
  assert.equal(session.restarts, 1);
  stop();
} finally {
  await host.close();
}

/** Prints what the host does about a crash, until the plugin is there again. */
async function watchRestart(): Promise<void> {
  for await (const change of host.changes()) {
    print(change.pluginId, change.to === "restarting" ? [`restarting in ${change.delayMs} ms`] : [change.to]);
    if (change.to === "active") return;
  }
}

function print(what: string, said: readonly string[]): void {
  console.log(`${what.padEnd(16)}${said.join(", ")}`);
}
