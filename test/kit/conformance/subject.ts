import { expect, type test } from "vitest";
import type { RawProcess } from "../raw/raw-process.js";
import type { RawSocket } from "../raw/raw-socket.js";

export interface Call {
  readonly method: string;
  readonly params?: object;
  readonly result?: unknown;
}

/** A plugin to be judged, and calls that it takes. */
export interface Subject {
  /** Asked for late: it may be built first. */
  readonly command: () => readonly [string, ...string[]];
  /** Why it cannot be judged here. */
  readonly skip?: string | undefined;
  /** Its apiVersion. */
  readonly apiVersion: number;
  /** A call with an object, one with another value, one that answers nothing. */
  readonly object: Call;
  readonly value: Call;
  readonly nothing: Call;
  /** A call that runs until it is cancelled. */
  readonly endless: Call;
  /** A call that ends when the host has answered what it calls there. */
  readonly held?: Call & { readonly calls: string; readonly answer: unknown };
  /** What the host says that it provides. @default [] */
  readonly hostProvides?: readonly object[];
}

/** A subject being judged. */
export interface Judging {
  readonly name: string;
  readonly subject: Subject;
  readonly judge: typeof test | typeof test.skip;
  start(env?: Readonly<Record<string, string | undefined>>): RawProcess;
}

export const PING = { jsonrpc: "2.0", id: 2, method: "rpc.ping" };
export const PONG = { jsonrpc: "2.0", id: 2, result: "pong" };

export function call(id: number | string, { method, params }: Call): object {
  return { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
}

/** The process lives, and lets a host in. */
export async function expectAlive(plugin: RawProcess): Promise<void> {
  const socket = await plugin.ready();
  socket.send(PING);
  expect(await socket.message()).toEqual(PONG);
}

/** Passes over what the plugin says to the host, up to a message. */
export async function skipCallbacks(socket: RawSocket, isIt: (message: any) => boolean): Promise<any> {
  for (;;) {
    const message = await socket.message();
    if (message === undefined) throw new Error("The plugin closed the connection");
    if (isIt(message)) return message;
    expect(message.method, JSON.stringify(message)).toEqual(expect.any(String));
  }
}

export async function answerCallback(socket: RawSocket, { calls, answer }: { calls: string; answer: unknown }): Promise<void> {
  const { id } = await skipCallbacks(socket, (message) => message.method === calls && message.id !== undefined);
  socket.send({ jsonrpc: "2.0", id, result: answer });
}
