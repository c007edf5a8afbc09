import type { ImplementationRecord } from "../contract/implement.js";
import type { Awaitable, ConfigureContext } from "../contract/views.js";
import { PluginError } from "../errors.js";
import { configureContext } from "../peer/configure-context.js";
import type { PeerConnection } from "../peer/connection.js";
import { announceProvided, readProvided } from "../peer/provided.js";
import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import { HELLO, READY } from "../wire/messages.js";
import { decliningError } from "./declined.js";
import { isHex32, isProof, prove, randomHex } from "./proof.js";
import { highestCommon } from "./version.js";

export const PROTOCOL_VERSIONS: readonly number[] = [1];

/** Who one is, for the other side's log. */
export interface Info {
  readonly name: string;
  readonly version?: string;
}
/** Reads what the other side says it provides. @throws {PluginError} `BAD_HANDSHAKE` */
export function readOffer(value: unknown): ReturnType<typeof readProvided> {
  try {
    return readProvided(value);
  } catch (cause) {
    throw new PluginError("BAD_HANDSHAKE", `what it says it provides cannot be used: ${(cause as Error).message}`, { cause });
  }
}

export interface WelcomeOptions {
  readonly secret: string;
  /** The implementations for each apiVersion. */
  readonly provides: ReadonlyMap<number, readonly ImplementationRecord[]>;
  configure(config: unknown, context: ConfigureContext): Awaitable<void>;
  readonly info: Info;
  /** The other side has proven itself. */
  onProven(): void;
}

/** The plugin's side: answers the hello, checks the host's proof, configures, and takes calls from then on. */
export function welcome(connection: PeerConnection, options: WelcomeOptions): void {
  const { peer } = connection;
  peer.frames?.expect();
  const answerHello = (params: unknown): object => {
    const { challenge: host, apiVersions, frames, texts } = readHello(params);
    const asFrames = frames && peer.frames !== undefined;
    const versions = [...options.provides.keys()];
    const apiVersion = highestCommon(versions, apiVersions);
    if (apiVersion === undefined) {
      const sentence = `Cannot serve this host: the plugin speaks apiVersion ${versions.join(", ")}, and the host ${apiVersions.join(", ")}`;
      throw new JSONRPCErrorException(sentence, WireCode.invalidInput, { apiVersions: versions });
    }
    const provides = options.provides.get(apiVersion) ?? [];
    const plugin = randomHex();
    const onAnswered = asFrames ? () => peer.sendFrames(texts) : undefined;
    const handler = (ready: unknown): Promise<object> => becomeReady(connection, options, { host, plugin }, provides, ready, asFrames);
    peer.expect({ kind: "request", method: READY, handler, onAnswered });
    connection.learn({ apiVersion });
    return {
      protocolVersion: 1,
      apiVersion,
      challenge: plugin,
      framing: asFrames ? "packets" : "lines",
      ...(asFrames ? { texts: true } : {}),
      proof: prove("plugin", options.secret, { host, plugin }),
      provides: announceProvided(provides),
      events: [],
      actions: [],
      info: options.info,
    };
  };
  peer.expect({ kind: "request", method: HELLO, handler: answerHello });
}

function becomeReady(
  connection: PeerConnection,
  { secret, configure, onProven }: WelcomeOptions,
  challenges: { readonly host: string; readonly plugin: string },
  provides: readonly ImplementationRecord[],
  params: unknown,
  asFrames: boolean,
): Promise<object> {
  const { proof, provides: offered, config } = (params ?? {}) as { proof?: unknown; provides?: unknown; config?: unknown };
  if (!isProof(proof, "host", secret, challenges)) {
    const sentence = "Closed a connection: whoever made it could not prove that it is the host";
    void connection.peer.close({ kind: "lost", error: new PluginError("UNAUTHORIZED", sentence) }, 1008, "wrong proof");
    return new Promise(() => {}); // Nobody is told anything.
  }
  connection.peer.trust();
  // The host turned to frames with this very line.
  if (asFrames) connection.peer.frames?.receive();
  else connection.peer.frames?.receiveLines();
  onProven();
  connection.learn({ provided: readOffer(offered) });
  connection.provide(provides);
  return (async () => {
    try {
      await configure(config, configureContext(connection));
    } catch (thrown) {
      throw decliningError(thrown);
    }
    connection.peer.activate();
    return {};
  })();
}

function readHello(params: unknown): {
  readonly challenge: string;
  readonly apiVersions: readonly number[];
  readonly frames: boolean;
  readonly texts: boolean;
} {
  const { protocolVersions, apiVersions, challenge, framings, texts } = (params ?? {}) as Readonly<Record<string, unknown>>;
  const refuse = (why: string, data?: object): never => {
    throw new JSONRPCErrorException(`Cannot answer the hello: ${why}`, WireCode.invalidInput, data);
  };
  if (!Array.isArray(protocolVersions) || !protocolVersions.includes(1)) {
    return refuse("this plugin speaks version 1 of the protocol alone", { protocolVersions: PROTOCOL_VERSIONS });
  }
  if (!Array.isArray(apiVersions) || !apiVersions.every((version) => Number.isSafeInteger(version))) {
    return refuse(`"apiVersions" is no list of whole numbers`);
  }
  if (!isHex32(challenge)) return refuse(`"challenge" is not 64 lower-case hex digits`);
  const frames = Array.isArray(framings) && framings.includes("packets");
  return { challenge, apiVersions: apiVersions as number[], frames, texts: texts === true };
}
