// A plugin that is replaced again and again while it is called: no call is lost.
import { defineContract, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, fixture } from "./lib.mjs";

const CALLERS = 64;
const CALLS_PER_REPLACEMENT = 5_000;
const suite = defineContract("suite", { echo: method(), later: method(), pid: method() });

export async function replacements({ count }) {
  const common = { mode: "supervised", command: fixture("plugins/suite.mjs"), minPort: 0, maxPort: 0, required: true };
  const host = new Host({
    plugins: [
      { ...common, id: "one" },
      { ...common, id: "two", instances: 2, standby: true },
    ],
  });
  try {
    await host.ready();
    const told = [];
    for (const session of host.getSessions()) told.push(await replaceUnderCallers(session, count));
    return told.flat();
  } finally {
    await host.close();
  }
}

async function replaceUnderCallers(session, count) {
  const { echo, later, pid } = await session.dispense(suite);
  const pids = new Set([await pid()]);
  const failures = new Map();
  let [calls, wrong, over] = [0, 0, false];
  const see = async (id) => {
    pids.add(await pid());
    return id;
  };
  const caller = async (number) => {
    for (let turn = 0; !over; turn++) {
      const id = ++calls;
      // Some of them are in flight for longer than the handing over takes.
      const call = turn % 100 === number ? later({ value: id, ms: 50 }) : turn % 50 === 0 ? see(id) : echo(id);
      const answer = await call.catch(({ code, message }) => {
        failures.set(code, message);
        return undefined;
      });
      if (answer !== id) wrong++;
    }
  };
  const calling = Array.from({ length: CALLERS }, (_, number) => caller(number));
  for (let turn = 1; turn <= count; turn++) {
    await session.replace();
    while (calls < turn * CALLS_PER_REPLACEMENT) await echo(0);
  }
  over = true;
  await Promise.all(calling);
  console.log(`  "${session.id}": ${calls} calls, ${count} replacements, ${pids.size} processes`);
  for (const [code, message] of failures) console.log(`  ${code}: ${message}`);
  return [
    atMost(`calls of "${session.id}" that were lost, or answered wrongly`, wrong, 0),
    atMost(`replacements of "${session.id}" that left the old process in its place`, Math.max(0, count + 1 - pids.size), 0),
    atMost(`restarts of "${session.id}"`, session.restarts, 0),
  ];
}
