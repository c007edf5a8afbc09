const US = "mortise-tcp";

/** Figures in the order they are printed. `better`: which way is good. `digits`: how they are shown. */
export const FIGURES = [
  { figure: "start", title: "Spawn to first answer, above an empty Node.js", unit: "ms", better: "less", digits: 1 },
  { figure: "firstStart", title: "The same, for the first start of a host", unit: "ms", better: "less", digits: 1 },
  { figure: "roundTrip", title: "Round trip, median", unit: "µs", better: "less", digits: 1 },
  { figure: "roundTripP99", title: "Round trip, 99th percentile", unit: "µs", better: "less", digits: 1 },
  { figure: "pipelined", title: "64 callers", unit: "calls/s", better: "more", digits: 0 },
  { figure: "notifications", title: "Notifications, both ways", unit: "per s", better: "more", digits: 0 },
  { figure: "text1k", title: "Text of 1 KiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text64k", title: "Text of 64 KiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text1m", title: "Text of 1 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "text16m", title: "Text of 16 MiB, echoed", unit: "MB/s", better: "more", digits: 1 },
  { figure: "memory", title: "Resident memory of the plugin after the calls", unit: "MB", better: "less", digits: 1 },
  { figure: "memoryPeak", title: "The most it was by then", unit: "MB", better: "less", digits: 1 },
];

const ratio = (ours, theirs) => ours / theirs;
const difference = (ours, theirs) => ours - theirs;
const atLeast = (figure, than, limit) => ({
  figure,
  us: US,
  than,
  limit,
  compare: ratio,
  met: (value) => value >= limit,
  says: `>= ${limit}x`,
});
const atMost = (figure, than, limit) => ({
  figure,
  us: US,
  than,
  limit,
  compare: ratio,
  met: (value) => value <= limit,
  says: `<= ${limit}x`,
});
const notAbove = (figure, than, limit, unit) => ({
  figure,
  us: US,
  than,
  limit,
  compare: difference,
  met: (value) => value <= limit,
  says: `<= +${limit} ${unit}`,
});

/** What mortise over TCP is to reach. */
export const GOALS = [
  atLeast("pipelined", "raw", 5),
  atLeast("pipelined", "raw-nodelay", 5),
  atLeast("pipelined", "json-rpc-2.0", 8),
  atLeast("pipelined", "json-rpc-2.0-nodelay", 8),
  atLeast("pipelined", "vscode-jsonrpc", 15),
  atLeast("pipelined", "mcp-sdk", 15),
  atLeast("pipelined", "comlink", 8),
  atLeast("pipelined", "grpc-js", 100),
  atMost("roundTrip", "raw", 1.1),
  atMost("roundTrip", "raw-nodelay", 1.1),
  atMost("roundTripP99", "raw", 2),
  atMost("roundTripP99", "raw-nodelay", 2),
  notAbove("start", "raw", 10, "ms"),
  notAbove("memory", "raw", 10, "MB"),
];
