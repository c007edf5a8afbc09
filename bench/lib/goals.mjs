/** Figures in the order they are printed. `better`: which way is good. `digits`: how they are shown. */
export const FIGURES = [
  { figure: "start", title: "Spawn to first answer, above an empty Node.js", unit: "ms", better: "less", digits: 1 },
  { figure: "firstStart", title: "The same, for the first start of a host", unit: "ms", better: "less", digits: 1 },
  { figure: "startCpu", title: "Processor's time of the plugin by then", unit: "ms", better: "less", digits: 1 },
  { figure: "firstCalls", title: "First 1,000 calls after a start, one by one", unit: "µs", better: "less", digits: 1 },
  { figure: "roundTrip", title: "Round trip, median", unit: "µs", better: "less", digits: 1 },
  { figure: "roundTripP99", title: "Round trip, 99th percentile", unit: "µs", better: "less", digits: 1 },
  { figure: "pipelined", title: "64 callers", unit: "calls/s", better: "more", digits: 0 },
  { figure: "notifications", title: "Notifications, both ways", unit: "per s", better: "more", digits: 0 },
  { figure: "text1k", title: "Text of 1 KiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text64k", title: "Text of 64 KiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text1m", title: "Text of 1 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text16m", title: "Text of 16 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "stream", title: "Stream of small items", unit: "items/s", better: "more", digits: 0 },
  { figure: "bytes1m", title: "Bytes, 1 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "bytes16m", title: "Bytes, 16 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "events", title: "Events to 32 subscribers over sockets", unit: "per s", better: "more", digits: 0 },
  { figure: "poolIdle", title: "Two workers, no work, 64 callers", unit: "calls/s", better: "more", digits: 0 },
  { figure: "poolBusy", title: "Two workers, 0.2 ms of work, 64 callers", unit: "calls/s", better: "more", digits: 0 },
  { figure: "memory", title: "Resident memory of the plugin after the calls", unit: "MB", better: "less", digits: 1 },
  { figure: "memoryPeak", title: "The most it was by then", unit: "MB", better: "less", digits: 1 },
];

const ratio = (ours, theirs) => ours / theirs;
const difference = (ours, theirs) => ours - theirs;
const atLeast = (limit) => ({ compare: ratio, met: (value) => value >= limit, says: `>= ${shown(limit)}x` });
const atMost = (limit) => ({ compare: ratio, met: (value) => value <= limit, says: `<= ${shown(limit)}x` });
const notAbove = (limit, unit) => ({ compare: difference, met: (value) => value <= limit, says: `<= +${limit} ${unit}` });
const shown = (limit) => Number(limit.toFixed(3));

/** One goal of `us` beside each of `others`. */
const beside = (us, figure, others, bound) => others.map((than) => ({ us, figure, than, ...bound }));

const TCP = "mortise-tcp";
const UNIX = "mortise-unix";
/** They write a text as JSON, as mortise does. */
const JSON_PEERS = ["json-rpc-2.0", "vscode-jsonrpc", "mcp-sdk", "execa-ipc", "capnweb"];
/** A session's handle looks where its call goes. */
const OF_A_CLIENT = 1 / 1.05;
/** A million items where the raw stream makes 1.4. */
const ITEMS_OF_RAW = 1 / 1.4;

/** What mortise is to reach: beside peers over TCP where it counts calls, over the same kind of socket where it counts the socket. */
export const GOALS = [
  ...beside(TCP, "pipelined", ["raw", "raw-nodelay"], atLeast(5)),
  ...beside(TCP, "pipelined", ["json-rpc-2.0", "json-rpc-2.0-nodelay"], atLeast(8)),
  ...beside(TCP, "pipelined", ["vscode-jsonrpc", "mcp-sdk"], atLeast(15)),
  ...beside(TCP, "pipelined", ["comlink"], atLeast(8)),
  ...beside(TCP, "pipelined", ["grpc-js"], atLeast(100)),
  ...beside(TCP, "roundTrip", ["raw", "raw-nodelay"], atMost(1.1)),
  ...beside(TCP, "roundTripP99", ["raw", "raw-nodelay"], atMost(2)),
  ...beside(TCP, "start", ["raw", "raw-guarded"], notAbove(10, "ms")),
  ...beside(TCP, "startCpu", ["raw"], atMost(1.45)),
  ...beside(TCP, "firstCalls", ["raw", "raw-nodelay"], atMost(1.5)),
  ...beside(TCP, "firstCalls", ["json-rpc-2.0", "json-rpc-2.0-nodelay"], atMost(1)),
  ...beside("mortise-tls", "start", [TCP], notAbove(30, "ms")),
  ...beside("mortise-tls", "firstStart", [TCP], notAbove(30, "ms")),
  ...beside(TCP, "memory", ["raw"], notAbove(10, "MB")),
  ...beside(TCP, "stream", ["grpc-js"], atLeast(8)),
  ...beside(TCP, "stream", ["capnweb"], atLeast(20)),
  ...beside(TCP, "stream", ["raw-joined", "raw-iterated"], atLeast(ITEMS_OF_RAW)),
  ...beside(UNIX, "stream", ["raw-joined-unix", "raw-iterated-unix"], atLeast(ITEMS_OF_RAW)),
  ...beside(TCP, "text1m", JSON_PEERS, atLeast(1)),
  ...beside(UNIX, "text1m", JSON_PEERS, atLeast(1)),
  ...beside("mortise-host", "pipelined", [TCP], atLeast(OF_A_CLIENT)),
  ...beside("mortise-host", "roundTrip", [TCP], atMost(1.05)),
  ...beside("mortise-inline", "pipelined", ["mortise-in-memory"], atLeast(0.8)),
  ...beside("mortise-events", "events", ["raw-events"], atLeast(0.7)),
  ...["bytes1m", "bytes16m"].flatMap((figure) => [
    ...beside(TCP, figure, ["raw-bytes"], atLeast(0.7)),
    ...beside(UNIX, figure, ["raw-bytes-unix"], atLeast(0.7)),
    ...beside(TCP, figure, ["ipc-advanced"], atLeast(2)),
    ...beside(UNIX, figure, ["ipc-advanced"], atLeast(2)),
  ]),
];
