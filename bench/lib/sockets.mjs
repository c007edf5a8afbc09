import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Listens on a free port of loopback, or on a unix socket in a directory that goes with this process, and prints where. */
export function listen(server, network) {
  if (network !== "unix") return void server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "socket");
  server.listen(path, () => console.log(path));
}

/** Connects to what listen() printed. */
export async function connectTo(where) {
  const socket = where.startsWith("/") ? connect(where) : connect(Number(where), "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}
