import { startRaw } from "./raw.mjs";

/** As "raw", with the system told to hold nothing back: what a single message needs, and what costs most when there are many. */
export const start = () => startRaw("nodelay", "tcp");
