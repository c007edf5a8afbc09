const handlers = {
  echoBytes: ({ bytes }) => bytes,
  async numbers({ count }) {
    for (let n = 0; n < count; n++) {
      let onLeft;
      // False: more is unsent than should be. There is no "drain", but each message is called back for when it has left.
      if (!process.send({ n }, () => onLeft?.())) {
        await new Promise((resolve) => {
          onLeft = resolve;
        });
      }
    }
    return count;
  },
};
process.on("message", async ({ id, method, params }) => process.send({ id, result: await handlers[method](params) }));
process.on("disconnect", () => process.exit());
