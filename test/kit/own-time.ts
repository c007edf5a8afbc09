import { setTimeout as sleep } from "node:timers/promises";

// Bounds in time as this process gets it: a tick counts for 10 ms, however late a loaded machine lets it come. A second that is
// promised is the product's, whose turns come as late there. The clock on the wall would measure the machine.
const TICK_MS = 10;

/** Resolves or rejects as a promise does; rejects once that takes longer than so many milliseconds of own time. */
export async function within<T>(mostMs: number, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    let ticks = 0;
    timer = setInterval(() => {
      if (++ticks * TICK_MS > mostMs) reject(new Error(`It took longer than ${mostMs} ms`));
    }, TICK_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearInterval(timer);
  }
}

/** Looks every now and then what is still there, until nothing is; rejects once that takes longer than so many milliseconds of own time. */
export async function goneWithin(mostMs: number, look: () => readonly unknown[]): Promise<void> {
  for (let ticks = 0; ; ticks++) {
    const left = look();
    if (left.length === 0) return;
    if (ticks * TICK_MS > mostMs) throw new Error(`After ${mostMs} ms there is still ${JSON.stringify(left)}`);
    await sleep(TICK_MS);
  }
}

/** Resolves with a number once it has stayed what it is for ten ticks: what would change it has had its turns. */
export async function atRest(look: () => number): Promise<number> {
  for (let [before, ticks] = [look(), 0]; ; ticks++) {
    if (ticks === 10) return before;
    await sleep(TICK_MS);
    const now = look();
    if (now !== before) [before, ticks] = [now, 0];
  }
}
