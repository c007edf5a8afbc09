import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { MagicCookieKey, MagicCookieValue } from "../../../src/index.js";
import { hmac } from "./raw-plugin.js";
import { RawSocket } from "./raw-socket.js";

type Env = Readonly<Record<string, string | undefined>>;

/** A plugin's process, started by hand with the variables of section 1 of the protocol, and the host played by the test. */
export class RawProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly secret: string;
  readonly socketDir: string;
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  stdout = "";
  stderr = "";
  readonly #provides: readonly object[];
  readonly #sockets: RawSocket[] = [];
  readonly #drained: Promise<unknown>;

  /** `undefined` in `env` leaves a variable out. `provides` is what the host says that it provides. */
  constructor([file, ...args]: readonly [string, ...string[]], env: Env = {}, provides: readonly object[] = []) {
    this.#provides = provides;
    this.secret = randomBytes(32).toString("hex");
    this.socketDir = mkdtempSync(join(tmpdir(), "s-"));
    const variables: Env = {
      [MagicCookieKey]: MagicCookieValue,
      PLUGIN_PROTOCOL_VERSIONS: "1",
      PLUGIN_TRANSPORT: "tcp",
      PLUGIN_MIN_PORT: "0",
      PLUGIN_MAX_PORT: "0",
      PLUGIN_UNIX_SOCKET_DIR: this.socketDir,
      PLUGIN_SECRET: this.secret,
      PLUGIN_LIFELINE: "fd:3",
      ...env,
    };
    const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
    this.child = spawn(file, args, {
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...given },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    for (const end of [this.child.stdin, this.lifeline]) end?.on("error", () => {}); // It may end before we say anything.
    this.#drained = once(this.child, "close");
    this.exited = once(this.child, "exit").then(([code, signal]) => code ?? signal);
  }

  /** Our end of descriptor 3. */
  get lifeline(): Duplex {
    return this.child.stdio[3] as Duplex;
  }

  /** The fields of the announcement. */
  async announcement(): Promise<string[]> {
    // It may begin with a newline, so that it has a line of its own.
    while (!this.stdout.trimStart().includes("\n")) {
      const how = await Promise.race([once(this.child.stdout as NodeJS.ReadableStream, "data").then(() => undefined), this.#drained]);
      if (how !== undefined) throw new Error(`It ended before announcing an address: ${this.stderr}`);
    }
    const printed = this.stdout.trimStart();
    return printed.slice(0, printed.indexOf("\n")).split("|");
  }

  /** How it ended, once all that it said has been read. */
  async end(): Promise<{ exitCode: number | string; stdout: string; stderr: string }> {
    await this.#drained;
    return { exitCode: await this.exited, stdout: this.stdout, stderr: this.stderr };
  }

  /** A connection that has said nothing. */
  async dial(): Promise<RawSocket> {
    const [, , network, address = ""] = await this.announcement();
    const [host, port] = address.split(":");
    const socket = network === "unix" ? connect(address) : connect(Number(port), host);
    await once(socket, "connect");
    if (network === "tcp") socket.setNoDelay(true);
    const raw = new RawSocket(socket);
    this.#sockets.push(raw);
    return raw;
  }

  /** Says hello, with id 0, and gives back the challenge and the answer. */
  async hello(socket: RawSocket, params: object = {}): Promise<{ challenge: string; answer: any }> {
    const challenge = randomBytes(32).toString("hex");
    const hello = { protocolVersions: [1], apiVersions: [1], challenge, framings: ["lines"], info: { name: "raw" } };
    socket.send({ jsonrpc: "2.0", id: 0, method: "rpc.hello", params: { ...hello, ...params } });
    return { challenge, answer: await socket.message() };
  }

  /** The line by which the host proves itself, with id 1. */
  readyLine(challenge: string, answer: any, secret = this.secret): object {
    const proof = hmac(secret, `host:${challenge}:${answer.result.challenge}`);
    return { jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof, provides: this.#provides, config: {} } };
  }

  /** A connection that is proven and ready; its next free id is 2. */
  async ready(): Promise<RawSocket> {
    const socket = await this.dial();
    const { challenge, answer } = await this.hello(socket);
    socket.send(this.readyLine(challenge, answer));
    await socket.message();
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.child.kill("SIGKILL");
    await this.#drained;
    rmSync(this.socketDir, { recursive: true });
  }
}
