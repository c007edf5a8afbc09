import { startRaw } from "./raw.mjs";

/** As "raw-joined", over a unix socket. */
export const start = () => startRaw("joined", "unix");
