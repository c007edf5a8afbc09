import { HostProcess } from "./host-process.mjs";
import { takesPart } from "./participants.mjs";
import { median } from "./statistics.mjs";

const STARTS = 2;
/** Each in a host of its own. */
const FIRST_CALLS = 3;
const BY_THEMSELVES = ["start", "firstcalls"];

/**
 * Measures every contestant once per round: a fresh host and plugin each, and each measurement for all contestants in turn
 * before the next one, so that what is compared is measured seconds apart. The order changes from round to round.
 *
 * Resolves with figure → contestant → one value per round.
 */
export async function measureRounds({ contestants, measurements, rounds, core, onProgress }) {
  const results = {};
  const needed = contestants.filter((name) => measurements.some((measurement) => takesPart(name, measurement)));
  const others = measurements.filter((measurement) => !BY_THEMSELVES.includes(measurement));
  const add = (name, figures) => {
    for (const [figure, value] of Object.entries(figures)) ((results[figure] ??= {})[name] ??= []).push(value);
  };
  for (let round = 0; round < rounds; round++) {
    const order = orderOf(needed, round);
    if (measurements.includes("firstcalls")) {
      onProgress(`round ${round + 1} of ${rounds}: firstcalls`);
      const taking = order.filter((name) => takesPart(name, "firstcalls"));
      await measureFirstCalls(taking, core, add);
    }
    const hosts = [];
    try {
      for (const name of order) {
        const host = new HostProcess(name, core);
        hosts.push(host);
        await host.ready();
      }
      if (measurements.includes("start"))
        await measureStarts(
          hosts.filter(({ name }) => takesPart(name, "start")),
          add,
        );
      for (const host of hosts) if (others.some((measurement) => takesPart(host.name, measurement))) await host.run("open");
      for (const measurement of others) {
        onProgress(`round ${round + 1} of ${rounds}: ${measurement}`);
        for (const host of hosts) if (takesPart(host.name, measurement)) add(host.name, await host.run(measurement));
      }
      for (const host of hosts) await host.close();
    } finally {
      for (const host of hosts) host.abandon();
    }
  }
  return results;
}

/** Of the first calls there are only so many, and then the code has run: a host and a plugin for each measurement. */
async function measureFirstCalls(names, core, add) {
  const values = new Map(names.map((name) => [name, []]));
  for (let pass = 0; pass < FIRST_CALLS; pass++) {
    for (const name of names) {
      const host = new HostProcess(name, core);
      try {
        await host.ready();
        values.get(name).push((await host.run("firstcalls")).firstCalls);
        await host.close();
      } finally {
        host.abandon();
      }
    }
  }
  for (const [name, each] of values) add(name, { firstCalls: median(each) });
}

/** The first start of a host also loads what it loads late; the others show what each further one takes. */
async function measureStarts(hosts, add) {
  const starts = new Map(hosts.map((host) => [host, []]));
  const cpu = new Map(hosts.map((host) => [host, []]));
  const floors = [];
  for (let pass = 0; pass <= STARTS; pass++) {
    for (const host of hosts) {
      const { startMs, startCpuMs, floorMs } = await host.run("start");
      starts.get(host).push(startMs);
      cpu.get(host).push(startCpuMs ?? Number.NaN);
      floors.push(floorMs);
    }
  }
  const floor = median(floors);
  for (const [host, [first, ...more]] of starts) {
    add(host.name, { start: median(more) - floor, firstStart: first - floor, startCpu: median(cpu.get(host)), floor });
  }
}

function orderOf(contestants, round) {
  const turn = (round * 5) % contestants.length;
  const order = [...contestants.slice(turn), ...contestants.slice(0, turn)];
  return round % 2 === 0 ? order : order.reverse();
}
