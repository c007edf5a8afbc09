import { namesIn } from "../../util/options/names.js";
import { duration, integer } from "../../util/options/numbers.js";
import { mistake, nested, type OptionsSource, option, readOptions } from "../../util/options/source.js";
import { type Codec, readCodec } from "../codecs.js";
import { type MakePreprocessor, type Processor, readPostprocessors, readPreprocessors } from "../processors/by-name.js";
import { MAX_LENGTH, type Postprocessor } from "../processors/processor.js";

/** What server and client have in common: how frames become events, and events frames. */
export interface StreamOptions {
  /** Between bytes and an event's data. `string` and `binary` leave them as they are. */
  readonly codec: "json" | "string" | "binary" | Codec;
  /** From each frame to what the codec is given, in order. @default [] */
  readonly preprocessors?: readonly Processor[] | undefined;
  /** From what the codec gives to what a frame holds, in order. @default [] */
  readonly postprocessors?: readonly Processor[] | undefined;
  /** How often changes() tells the counters, in seconds. @default never */
  readonly metrics_interval_s?: number | undefined;
  /** How often each connection is asked for a sign of life, in milliseconds; one that gives none until the next time is cut. @default never */
  readonly ping_interval_ms?: number | undefined;
  /** A longer message ends its connection with 1009. @default 16_777_216 (16 MiB) @throws {RangeError} If it is no whole number from 1 to 1 GiB. */
  readonly max_message_bytes?: number | undefined;
  /** How long connecting, TLS and the request for a WebSocket may take together, in milliseconds. @default 10_000 */
  readonly handshake_timeout_ms?: number | undefined;
}

export interface ResolvedStreamOptions {
  readonly codec: Codec;
  readonly preprocessors: readonly MakePreprocessor[];
  readonly postprocessors: readonly Postprocessor[];
  readonly metricsIntervalMs: number | undefined;
  readonly pingIntervalMs: number | undefined;
  readonly maxMessageBytes: number;
  readonly handshakeTimeoutMs: number;
}

const NAMES = [
  ...namesIn("codec preprocessors postprocessors metrics_interval_s ping_interval_ms max_message_bytes handshake_timeout_ms config"),
];

/** Options of one connector, and of its `config`, which may stand beside the others or in an object of its own. */
export interface Sources {
  readonly top: OptionsSource;
  readonly config: OptionsSource;
}

/** @throws {TypeError} A name that is unknown, or stands in two places. */
export function readSources(attempt: string, options: unknown, own: readonly string[], config: ReadonlySet<string>): Sources {
  const top = readOptions(attempt, options, new Set([...NAMES, ...own, ...config]));
  if (top.values["config"] === undefined) return { top, config: top };
  const outside = [...config].find((name) => top.values[name] !== undefined);
  if (outside !== undefined) throw mistake(top, `${outside} stands beside config, and must stand in it`);
  return { top, config: nested(top, "config", config) };
}

/** @throws {TypeError | RangeError} */
export function readStreamOptions(from: OptionsSource): ResolvedStreamOptions {
  const isSeconds = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;
  const seconds = option(from, "metrics_interval_s", undefined, isSeconds, "a number of seconds above 0", true);
  return {
    codec: readCodec(from),
    preprocessors: readPreprocessors(from),
    postprocessors: readPostprocessors(from),
    metricsIntervalMs: seconds === undefined ? undefined : seconds * 1_000,
    pingIntervalMs: duration(from, "ping_interval_ms", undefined),
    maxMessageBytes: integer(from, "max_message_bytes", MAX_LENGTH, 1, 2 ** 30),
    handshakeTimeoutMs: duration(from, "handshake_timeout_ms", 10_000),
  };
}
