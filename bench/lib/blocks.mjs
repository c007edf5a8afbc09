const HEAD_LENGTH = 4;

/** Writes a block of bytes behind its length, both at once. */
export function writeBlock(socket, bytes) {
  const head = Buffer.allocUnsafe(HEAD_LENGTH);
  head.writeUInt32LE(bytes.length);
  socket.cork();
  socket.write(head);
  socket.write(bytes);
  socket.uncork();
}

/** Calls `onBlock` with each whole block that a socket carries. */
export function readBlocks(socket, onBlock) {
  const head = Buffer.allocUnsafe(HEAD_LENGTH);
  let block;
  let filled = 0;
  socket.on("data", (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const target = block ?? head;
      const copied = chunk.copy(target, filled, at);
      at += copied;
      filled += copied;
      if (filled < target.length) continue;
      filled = 0;
      if (block === undefined) block = Buffer.allocUnsafeSlow(head.readUInt32LE());
      else {
        onBlock(block);
        block = undefined;
      }
    }
  });
}
