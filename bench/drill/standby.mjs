// How soon a session answers again after its process was killed, with a standby process and without.
import { setTimeout as sleep } from "node:timers/promises";
import { defineContract, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, fixture, living, quantile, until } from "./lib.mjs";

const suite = defineContract("suite", { pid: method() });

export async function standby({ count }) {
  const common = { mode: "supervised", command: fixture("plugins/suite.mjs"), minPort: 0, maxPort: 0, required: true };
  // Without a delay: what is left is what a start takes.
  const restart = { initialMs: 0, maxAttempts: Number.POSITIVE_INFINITY };
  const mark = (id) => `${process.pid}.${id}`;
  const spec = (id, extra) => ({ ...common, ...extra, id, restart, env: { DRILL_MARK: mark(id) } });
  const host = new Host({ plugins: [spec("standby", { standby: true }), spec("alone", {})] });
  try {
    await host.ready();
    const gaps = { standby: [], alone: [] };
    for (let turn = 0; turn < count; turn++) {
      for (const session of host.getSessions()) {
        const processes = session.id === "standby" ? 2 : 1;
        await until(() => living(`DRILL_MARK=${mark(session.id)}\0`).length === processes && session.reportedState === "active", 60_000);
        // The spare is there, and takes this long to be ready.
        await sleep(400);
        gaps[session.id].push(await gapOf(session));
      }
    }
    const [kept, alone] = [quantile(gaps.standby, 0.5), quantile(gaps.alone, 0.5)];
    console.log(
      `  From SIGKILL to the next answer, median of ${count}: ${kept.toFixed(1)} ms with standby, ${alone.toFixed(1)} ms without`,
    );
    return [atMost("from SIGKILL to the next answer with standby, median, beside the same without", kept / alone, 0.5, "times")];
  } finally {
    await host.close();
  }
}

async function gapOf(session) {
  const { pid } = await session.dispense(suite);
  const before = await pid();
  const begun = performance.now();
  process.kill(before, "SIGKILL");
  // A call that left before the end was known went with it.
  for (;;) {
    const now = await pid(undefined, { waitReadyMs: 60_000 }).catch(() => before);
    if (now !== before) return performance.now() - begun;
  }
}
