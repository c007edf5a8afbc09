import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { gone, pluginFile } from "../lib/child.mjs";
import { lineWriter, readLines } from "../lib/lines.mjs";
import { pendingCalls } from "../lib/pending.mjs";
import { connectTo } from "../lib/sockets.mjs";

// What ends the plugin's group when this process is gone.
const GUARDIAN = `trap '' HUP INT TERM; while read -r group; do groups="$groups $group"; done; for group in $groups; do kill -s KILL -- "-$group"; done`;

/** `raw` with what else the line of a start asks for, in plain JavaScript: in a group of its own, guarded by a shell, and proven both ways. */
export async function start() {
  const secret = randomBytes(32);
  const guardian = spawn("/bin/sh", ["-c", GUARDIAN], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const env = { ...process.env, SECRET: secret.toString("hex") };
  const child = spawn(process.execPath, [pluginFile("raw-guarded")], { detached: true, stdio: "pipe", env });
  guardian.stdin.write(`${child.pid}\n`);
  child.stderr.pipe(process.stderr);
  const where = await new Promise((resolve) => child.stdout.once("data", (chunk) => resolve(chunk.toString().trim())));
  const socket = await connectTo(where);
  const write = lineWriter(socket, "separate");
  const { call, answered } = pendingCalls((message) => write(JSON.stringify(message)));
  readLines(socket, (line) => answered(JSON.parse(line)));
  const host = randomBytes(32).toString("hex");
  const { challenge, proof } = await call("hello", { challenge: host });
  const prove = (side) => createHmac("sha256", secret).update(`${side}:${host}:${challenge}`).digest("hex");
  if (proof !== prove("plugin")) throw new Error("The plugin could not prove itself");
  await call("ready", { proof: prove("host") });
  return {
    pid: child.pid,
    call: (input) => call("greet", input),
    async stop() {
      socket.end();
      await gone(child);
      guardian.kill("SIGKILL");
    },
  };
}
