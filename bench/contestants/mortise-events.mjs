import { defineTopics, event } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { openSink, SUBSCRIBERS } from "../lib/sink.mjs";

const ticks = defineTopics("ticks", { tick: event() });

/** The bus of a host with as many plugins, whose sockets all lead to one process that counts lines. */
export async function start() {
  const sink = openSink();
  const common = {
    mode: "supervised",
    command: "sink",
    required: true,
    heartbeat: false,
    health: false,
    killTimeoutMs: 1,
    minPort: 0,
    maxPort: 0,
  };
  const plugins = Array.from({ length: SUBSCRIBERS }, (_, n) => ({ ...common, id: `s${n}`, runtime: sink.runtime() }));
  const host = new Host({ topics: ticks, plugins });
  await host.ready();
  const { bus } = host;
  return {
    pid: sink.pid,
    async emitAll(count) {
      const told = sink.told(count);
      const emitted = [];
      for (let n = 0; n < count; n++) emitted.push(bus.emit("tick", { name: "world", n }));
      await Promise.all(emitted);
      await told;
    },
    async stop() {
      await host.close();
      await sink.close();
    },
  };
}
