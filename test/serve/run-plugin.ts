import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fixture } from "../kit/fixtures.js";

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: "ignore" | "pipe";
}

// Says so on stderr when the program listens on anything.
const TELL_LISTENING = `data:text/javascript,import net from "node:net"; import { writeSync } from "node:fs";
const { listen } = net.Server.prototype; net.Server.prototype.listen = function (...args) { writeSync(2, "LISTENS"); return listen.apply(this, args); };`;

/** Runs a fixture plugin by hand, as a person would, with no more of an environment than is given. */
export async function runPlugin(name: string, { args = [], env = {}, stdin = "ignore" }: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, ["--import", TELL_LISTENING, fixture(name), ...args], { env, stdio: [stdin, "pipe", "pipe"] });
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout as never), text(child.stderr as never), once(child, "exit")]);
  return { exitCode, stdout, stderr };
}
