import { HostProcess } from "./host-process.mjs";
import { takesPart } from "./participants.mjs";
import { median } from "./statistics.mjs";

const STARTS = 2;

/**
 * Measures every contestant once per round: a fresh host and plugin each, and each measurement for all contestants in turn
 * before the next one, so that what is compared is measured seconds apart. The order changes from round to round.
 *
 * Resolves with figure → contestant → one value per round.
 */
export async function measureRounds({ contestants, measurements, rounds, core, onProgress }) {
  const results = {};
  const needed = contestants.filter((name) => measurements.some((measurement) => takesPart(name, measurement)));
  const others = measurements.filter((measurement) => measurement !== "start");
  const add = (name, figures) => {
    for (const [figure, value] of Object.entries(figures)) ((results[figure] ??= {})[name] ??= []).push(value);
  };
  for (let round = 0; round < rounds; round++) {
    const order = orderOf(needed, round);
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

/** The first start of a host also loads what it loads late; the others show what each further one takes. */
async function measureStarts(hosts, add) {
  const starts = new Map(hosts.map((host) => [host, []]));
  const floors = [];
  for (let pass = 0; pass <= STARTS; pass++) {
    for (const host of hosts) {
      const { startMs, floorMs } = await host.run("start");
      starts.get(host).push(startMs);
      floors.push(floorMs);
    }
  }
  const floor = median(floors);
  for (const [{ name }, [first, ...more]] of starts) add(name, { start: median(more) - floor, firstStart: first - floor, floor });
}

function orderOf(contestants, round) {
  const turn = (round * 5) % contestants.length;
  const order = [...contestants.slice(turn), ...contestants.slice(0, turn)];
  return round % 2 === 0 ? order : order.reverse();
}
