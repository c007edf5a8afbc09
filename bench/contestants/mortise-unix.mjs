import { startMortise } from "./mortise-tcp.mjs";

/** mortise with its defaults, over a unix socket. */
export const start = () => startMortise({ transport: "unix" });
