import { fork } from "node:child_process";
import { gone, pluginFile } from "./child.mjs";

export const SUBSCRIBERS = 32;

/** A process that takes lines on as many sockets as are asked for, and counts them. */
export function openSink() {
  const child = fork(pluginFile("sink"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = [];
  child.on("message", (message) => waiting.shift()(message));
  const ask = (message) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      child.send(message);
    });
  return {
    pid: child.pid,
    /** Another socket to listen on; resolves with its port. @param secret Of a plugin, which it then is for whoever connects. */
    listen: (secret) => ask({ secret: secret ?? null }),
    /** Resolves once each of them has been sent as many lines as before and so many more. */
    told: (count) => ask({ count }),
    runtime() {
      return { start: ({ env }) => startSunk(this, env) };
    },
    async close() {
      child.disconnect();
      await gone(child);
    },
  };
}

/** What a host takes for a process. */
async function startSunk(sink, env) {
  const port = await sink.listen(env.PLUGIN_SECRET);
  let exit;
  const exited = new Promise((resolve) => {
    exit = resolve;
  });
  async function* announced() {
    yield Buffer.from(`1|1|tcp|127.0.0.1:${port}|jsonrpc|\n`);
    await exited;
  }
  async function* silent() {
    await exited;
    yield* [];
  }
  const signal = (name) => exit({ exitCode: null, signal: name });
  return { id: `sink:${port}`, stdin: undefined, stdout: announced(), stderr: silent(), exited, signal };
}
