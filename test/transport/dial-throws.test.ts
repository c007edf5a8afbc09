import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { dial } from "../../src/transport/dial.js";
import { socketChannel } from "../../src/transport/socket.js";
import { webSocketChannel } from "../../src/transport/websocket.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { RawWebSocket } from "./raw-websocket.js";

vi.mock("../../src/transport/socket.js", { spy: true });
vi.mock("../../src/transport/websocket.js", { spy: true });
gate();
afterEach(() => void vi.resetAllMocks());

// So it was where a runtime's own ws lacked what was asked of it: thrown in a listener, and the dial waited until its time was up.
test.each(["jsonrpc", "jsonrpc+ws"] as const)(
  "what is thrown once a socket is connected, as %s, rejects the dial and leaves nothing open",
  async (protocol) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const error = new TypeError("null is not an object");
    const fail = (): never => {
      throw error;
    };
    if (protocol === "jsonrpc") vi.mocked(socketChannel).mockImplementationOnce(fail);
    else vi.mocked(webSocketChannel).mockImplementationOnce(fail);
    const address = { network: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port } as const;
    const dialled = rejection(dial(address, protocol, { limits: limitsOf(), signal: new AbortController().signal }));
    const [socket] = (await once(server, "connection")) as [Socket];
    const closed = once(
      socket.on("error", () => {}),
      "close",
    );
    if (protocol === "jsonrpc+ws") await RawWebSocket.accept(socket);
    else socket.resume();
    expect(await dialled).toBe(error);
    await closed;
    await new Promise((resolve) => server.close(resolve));
  },
);
