// Plugins that are unloaded while thousands of calls are in flight: each call ends, and none of them after that.
import { defineContract, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { atMost, census, fixture, growth, random } from "./lib.mjs";

const IN_FLIGHT = 5_000;
const LONGEST_MS = 40;
// Some of the calls take longer than the plugin is given to finish them.
const KILL_TIMEOUT_MS = 30;
const MAX_MB = 2;
const WARM_UP = 5;
const works = defineContract("suite", { later: method(), echo: method() });

export async function unloads({ count, seed }) {
  const next = random(seed);
  const told = { answered: 0, ended: 0, others: new Map(), wrong: 0, late: 0, unsettled: 0, notRefused: 0 };
  const host = new Host();
  for (let round = 0; round < WARM_UP; round++) await unloadOnce(host, next, told);
  const before = await census();
  for (let round = 0; round < count; round++) await unloadOnce(host, next, told);
  const after = await census();
  await host.close();
  console.log(
    `  ${count + WARM_UP} times ${IN_FLIGHT} calls in flight: ${told.answered} answered, ${told.ended} told that the plugin was stopped`,
  );
  for (const [code, message] of told.others) console.log(`  ${code}: ${message}`);
  return [
    atMost("calls that did not end", told.unsettled, 0),
    atMost("wrong answers", told.wrong, 0),
    atMost("calls that ended as something else", [...told.others].length, 0),
    atMost("calls that ended after unload() had resolved", told.late, 0),
    atMost("calls made while it was unloaded that were not refused as NOT_SENT", told.notRefused, 0),
    ...growth(`${count} unloads`, before, after, MAX_MB),
  ];
}

async function unloadOnce(host, next, told) {
  const spec = {
    id: "works",
    mode: "supervised",
    command: fixture("plugins/suite.mjs"),
    minPort: 0,
    maxPort: 0,
    killTimeoutMs: KILL_TIMEOUT_MS,
  };
  const session = await host.load(spec);
  const { later, echo } = await session.dispense(works);
  let open = IN_FLIGHT;
  let unloaded = false;
  const ended = () => {
    open--;
    if (unloaded) told.late++;
  };
  for (let n = 0; n < IN_FLIGHT; n++) {
    later({ value: n, ms: Math.round(next() * LONGEST_MS) }).then(
      (value) => {
        ended();
        told.answered++;
        if (value !== n) told.wrong++;
      },
      ({ code, message }) => {
        ended();
        if (code === "CONNECTION_CLOSED") told.ended++;
        else told.others.set(code, message);
      },
    );
  }
  // Until some of them run.
  await echo(1);
  const unloading = host.unload("works");
  await echo(2).then(
    () => told.notRefused++,
    ({ code }) => (told.notRefused += code === "NOT_SENT" ? 0 : 1),
  );
  await unloading;
  unloaded = true;
  told.unsettled += open;
}
