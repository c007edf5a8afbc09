import type { Socket } from "node:net";
import type { Pipe } from "../wire/framing/outbox.js";

/** How an outbox writes to a socket. @param onTaken Called once the system has taken all of a write that it did not take at once. */
export function socketPipe(socket: Socket, onTaken: () => void): Pick<Pipe, "isOpen" | "write"> {
  const onWritten = (error?: Error | null): void => {
    if (!error && socket.writableLength === 0) onTaken();
  };
  // Nearly always the system takes a short frame at once, and to be called back would cost each of them a tick: so it is, once one was.
  // Where one is not any more, an empty write after it calls back. The first write does so itself: Deno takes none at once, and never
  // calls back for one that is empty.
  let isTakenAtOnce = false;
  // Of texts that come without their encoding, as short frames do: to name it costs each of them a look at its name.
  socket.setDefaultEncoding("latin1");
  const writeShort = (frame: string): boolean => {
    const wasTakenAtOnce = isTakenAtOnce;
    if (wasTakenAtOnce) socket.write(frame);
    else socket.write(frame, onWritten);
    isTakenAtOnce = socket.writableLength === 0;
    if (wasTakenAtOnce && !isTakenAtOnce) socket.write("", onWritten);
    return isTakenAtOnce;
  };
  return {
    isOpen: () => !socket.destroyed,
    write(data, _isLastPart, encoding) {
      if (typeof data === "string" && encoding === "latin1") return writeShort(data);
      if (typeof data === "string") socket.write(data, "utf8", onWritten);
      else if (data.length === 1) socket.write(data[0] as Buffer, onWritten);
      else {
        socket.cork();
        for (const piece of data) socket.write(piece, onWritten);
        socket.uncork();
      }
      return socket.writableLength === 0;
    },
  };
}
