// Never announces itself.
setInterval(() => {}, 1_000);
