// WebSocket connections as streams of events, without a plugin.
export { isPluginError, PluginError, type PluginErrorCode } from "../errors.js";
export type { Codec } from "./codecs.js";
export type { Connector, ConnectorChange, ConnectorMetrics, ConnectorState } from "./connector.js";
export { type ErrorEvent, type EventMeta, merge, type OutgoingEvent, type PeerMeta, type StreamEvent, type TargetMeta } from "./event.js";
export type { ClientConfig, WebSocketClientOptions } from "./options/client-options.js";
export type { Reconnect, Retry } from "./options/reconnect-option.js";
export type { ServerConfig, WebSocketServerOptions } from "./options/server-options.js";
export type { SocketOptions } from "./options/socket-options.js";
export type { StreamOptions } from "./options/stream-options.js";
export type { ClientTls, ServerTls } from "./options/tls-options.js";
export type { Processor } from "./processors/by-name.js";
export { websocketClient, websocketServer } from "./websocket.js";
