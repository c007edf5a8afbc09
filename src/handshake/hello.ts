import type { ConfigureContext } from "../contract/context.js";
import type { Provides } from "../contract/implementations.js";
import type { Awaitable } from "../contract/views.js";
import { PluginError } from "../errors.js";
import { configureContext } from "../peer/configure-context.js";
import type { PeerConnection } from "../peer/connection.js";
import { announceProvided, readProvided } from "../peer/provided.js";
import { type Declared, declare, readDeclared } from "../peer/topics/declared.js";
import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import { CONFIGURE, HEALTH, HELLO, READY } from "../wire/messages.js";
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

/** Reads what the other side hears, answers and joins. @throws {PluginError} `BAD_HANDSHAKE` */
export function readTopics(value: object): Declared {
  try {
    return readDeclared(value);
  } catch (cause) {
    throw new PluginError("BAD_HANDSHAKE", `what it says it hears and answers cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** Says how a plugin is; one that throws is not well. */
export type HealthCheck = () => Awaitable<{ readonly ok: boolean; readonly message?: string | undefined } | void>;

export interface WelcomeOptions {
  readonly secret: string;
  /** The implementations for each apiVersion. */
  readonly provides: ReadonlyMap<number, Provides>;
  configure(config: unknown, context: ConfigureContext): Awaitable<void>;
  /** How the plugin is, where it can say. */
  readonly health: HealthCheck | undefined;
  readonly info: Info;
  /** The other side has proven itself. */
  onProven(): void;
  /** It is configured, and takes calls. */
  onReady?(): void;
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
    const provides = options.provides.get(apiVersion) as Provides;
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
      provides: announceProvided(provides.contracts),
      ...declare(provides.topics),
      info: options.info,
    };
  };
  peer.expect({ kind: "request", method: HELLO, handler: answerHello });
}

function becomeReady(
  connection: PeerConnection,
  options: WelcomeOptions,
  challenges: { readonly host: string; readonly plugin: string },
  provides: Provides,
  params: unknown,
  asFrames: boolean,
): Promise<object> {
  const { secret, configure, onProven, onReady } = options;
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
  offerTo(connection, options, provides);
  return (async () => {
    try {
      await configure(config, configureContext(connection));
    } catch (thrown) {
      throw decliningError(thrown);
    }
    connection.peer.activate();
    onReady?.();
    return {};
  })();
}

/** What a host may ask of a plugin from the moment that it is trusted; calls wait until the peer is activated. */
function offerTo(
  connection: PeerConnection,
  { configure, health }: Pick<WelcomeOptions, "configure" | "health">,
  provides: Provides,
): void {
  connection.provide(provides.contracts);
  connection.provideTopics(provides.topics);
  const { reserved } = connection.peer;
  reserved.set(CONFIGURE, async (input) => {
    await configure((input as { readonly config?: unknown } | null)?.config, configureContext(connection));
    return {};
  });
  if (health !== undefined) reserved.set(HEALTH, async () => (await health()) ?? { ok: true });
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
