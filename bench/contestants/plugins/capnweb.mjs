import { newWebSocketRpcSession, RpcTarget } from "capnweb";
import { WebSocket, WebSocketServer } from "ws";

globalThis.WebSocket ??= WebSocket;

class Greeter extends RpcTarget {
  greet({ name }) {
    return `Hello, ${name}!`;
  }
  echo({ text }) {
    return text;
  }
  echoBytes({ bytes }) {
    return bytes;
  }
  numbers({ count }) {
    let n = 0;
    return new ReadableStream({
      pull(controller) {
        if (n < count) controller.enqueue({ n: n++ });
        else controller.close();
      },
    });
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 0 });
server.on("connection", (socket) => newWebSocketRpcSession(socket, new Greeter()));
server.on("listening", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
