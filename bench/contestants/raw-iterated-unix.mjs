import { startIterated } from "./raw-iterated.mjs";

/** As "raw-iterated", over a unix socket. */
export const start = () => startIterated("unix");
