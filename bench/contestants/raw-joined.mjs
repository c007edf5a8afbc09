import { startRaw } from "./raw.mjs";

/** As "raw", but all that is written in one tick leaves in one write. */
export const start = () => startRaw("joined", "tcp");
