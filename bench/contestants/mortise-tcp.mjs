import { implement, NewClient } from "../../dist/index.js";
import { pluginFile } from "../lib/child.mjs";
import { greeter, listener } from "./mortise-greeter.mjs";

/** mortise with its defaults, over TCP. */
export const start = () => startMortise("tcp");

export async function startMortise(transport) {
  let notes = 0;
  const client = NewClient({ command: pluginFile("mortise"), transport, provides: [implement(listener, { note: () => void notes++ })] });
  const { greet, echo, note, flood } = await client.dispense(greeter);
  return {
    pid: client.pid,
    call: greet,
    echoText: (text) => echo({ text }),
    notify: note,
    flood: (count) => flood({ count }),
    received: () => notes,
    stop: () => client.kill(),
  };
}
