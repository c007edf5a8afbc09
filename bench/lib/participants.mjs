/** Memory comes before the long texts: after them it is that of their buffers. */
export const MEASUREMENTS = ["start", "firstcalls", "roundtrip", "pipelined", "notifications", "memory", "stream", "text", "bytes"];

const CALLS = ["start", "firstcalls", "roundtrip", "pipelined", "memory", "text"];
const NOTIFIES = [...CALLS, "notifications"];
const VARIANT = ["firstcalls", "roundtrip", "pipelined", "notifications"];

/**
 * Who takes part in what: all that a contestant can do; a variant where what makes it one counts. In the order they are listed
 * where the order of a round does not say otherwise.
 */
const PARTICIPANTS = {
  "mortise-tcp": MEASUREMENTS,
  raw: [...NOTIFIES, "stream"],
  "mortise-unix": MEASUREMENTS,
  "raw-bytes": ["bytes"],
  "raw-iterated-unix": ["stream"],
  "json-rpc-2.0": NOTIFIES,
  "raw-joined": [...NOTIFIES, "stream"],
  "vscode-jsonrpc": NOTIFIES,
  capnweb: [...CALLS, "stream", "bytes"],
  "mortise-websocket": MEASUREMENTS,
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
};

export const CONTESTANTS = Object.keys(PARTICIPANTS);

export function takesPart(contestant, measurement) {
  return PARTICIPANTS[contestant].includes(measurement);
}
