import { implement, NewClient } from "../../dist/index.js";
import { pluginFile } from "../lib/child.mjs";
import { greeter, listener } from "./mortise-greeter.mjs";

/** mortise with its defaults, over TCP. */
export const start = () => startMortise({ transport: "tcp" });

export async function startMortise(options) {
  let notes = 0;
  const client = NewClient({ command: pluginFile("mortise"), ...options, provides: [implement(listener, { note: () => void notes++ })] });
  const { greet, echo, note, flood, echoBytes, numbers } = await client.dispense(greeter);
  return {
    pid: client.pid,
    call: greet,
    echoText: (text) => echo({ text }),
    echoBytes: (bytes) => echoBytes({ bytes }),
    readNumbers: async (count, take) => {
      for await (const { n } of numbers({ count })) take(n);
    },
    notify: note,
    flood: (count) => flood({ count }),
    received: () => notes,
    stop: () => client.kill(),
  };
}
