/** Two workers that take `{id, name, input}` and answer `{id, result}`. @param open Makes one: an emitter, how to send, how to end it. */
export async function startWorkers(open) {
  const workers = [open(), open()].map((opened) => ({ ...opened, pending: new Map() }));
  for (const { worker, pending } of workers) {
    worker.on("message", ({ id, result }) => {
      pending.get(id)(result);
      pending.delete(id);
    });
  }
  let lastId = 0;
  const call = (name, input) => {
    const [one, other] = workers;
    const { send, pending } = one.pending.size <= other.pending.size ? one : other;
    const id = ++lastId;
    return new Promise((resolve) => {
      pending.set(id, resolve);
      send({ id, name, input });
    });
  };
  return {
    pid: process.pid,
    work: (input) => call("work", input),
    idle: (input) => call("idle", input),
    stop: () => Promise.all(workers.map(({ end }) => end())),
  };
}
