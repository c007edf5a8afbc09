import { startMortise } from "./mortise-tcp.mjs";

/** mortise over TCP with one-time certificates. */
export const start = () => startMortise({ transport: "tcp", tls: "auto" });
