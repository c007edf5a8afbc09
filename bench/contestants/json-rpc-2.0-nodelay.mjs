import { startJsonRpc } from "./json-rpc-2.0.mjs";

/** As "json-rpc-2.0", with the system told to hold nothing back. */
export const start = () => startJsonRpc("nodelay");
