import { startMortise } from "./mortise-tcp.mjs";

/** mortise with its defaults, over a WebSocket. */
export const start = () => startMortise({ transport: "websocket" });
