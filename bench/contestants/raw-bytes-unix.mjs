import { startRawBytes } from "./raw-bytes.mjs";

/** As "raw-bytes", over a unix socket. */
export const start = () => startRawBytes("unix");
