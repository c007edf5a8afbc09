/** Memory comes before the long texts: after them it is that of their buffers. */
export const MEASUREMENTS = [
  "start",
  "firstcalls",
  "roundtrip",
  "pipelined",
  "notifications",
  "memory",
  "stream",
  "text",
  "bytes",
  "events",
  "pool",
];

const PLUGIN = MEASUREMENTS.filter((name) => !["events", "pool"].includes(name));
const CALLS = ["start", "firstcalls", "roundtrip", "pipelined", "memory", "text"];
const NOTIFIES = [...CALLS, "notifications"];
const CALLED = ["roundtrip", "pipelined"];
const VARIANT = ["firstcalls", "roundtrip", "pipelined", "notifications"];

/**
 * Who takes part in what: all that a contestant can do; a variant where what makes it one counts. In the order they are listed
 * where the order of a round does not say otherwise.
 */
const PARTICIPANTS = {
  "mortise-tcp": PLUGIN,
  raw: [...NOTIFIES, "stream"],
  "mortise-unix": PLUGIN,
  "raw-bytes": ["bytes"],
  "raw-iterated-unix": ["stream"],
  "json-rpc-2.0": NOTIFIES,
  "raw-joined": [...NOTIFIES, "stream"],
  "vscode-jsonrpc": NOTIFIES,
  capnweb: [...CALLS, "stream", "bytes"],
  "mortise-websocket": PLUGIN,
  "mcp-sdk": NOTIFIES,
  "raw-nodelay": VARIANT,
  "grpc-js": [...CALLS, "stream", "bytes"],
  "raw-joined-unix": ["stream", "text"],
  "mortise-tls": ["start"],
  "raw-guarded": ["start"],
  "json-rpc-2.0-nodelay": VARIANT,
  "execa-ipc": NOTIFIES,
  "ipc-advanced": ["stream", "bytes"],
  "raw-bytes-unix": ["bytes"],
  "raw-iterated": ["stream"],
  comlink: CALLS,
  "mortise-host": CALLED,
  "moleculer-tcp": CALLED,
  "mortise-inline": CALLED,
  "mortise-in-memory": CALLED,
  moleculer: CALLED,
  "mortise-events": ["events"],
  "raw-events": ["events"],
  "mortise-instances": ["pool"],
  tinypool: ["pool"],
  piscina: ["pool"],
  "worker-threads": ["pool"],
  "node-cluster": ["pool"],
};

export const CONTESTANTS = Object.keys(PARTICIPANTS);

export function takesPart(contestant, measurement) {
  return PARTICIPANTS[contestant].includes(measurement);
}
