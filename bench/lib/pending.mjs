/** Calls by ids of our own: `call` sends one and resolves with its result, `answered` takes an answer. */
export function pendingCalls(send) {
  const pending = new Map();
  let nextId = 0;
  return {
    call: (method, params) =>
      new Promise((resolve) => {
        const id = nextId++;
        pending.set(id, resolve);
        send({ id, method, params });
      }),
    answered({ id, result }) {
      const resolve = pending.get(id);
      pending.delete(id);
      resolve(result);
    },
  };
}
