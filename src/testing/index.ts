// TypeScript 6 and later load no types by themselves; "preserve" keeps these lines in the declarations.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
// For the tests of people who write plugins.

export type { Connection } from "../peer/connection.js";
export type { CloseReason } from "../peer/errors/close-reason.js";
export type { InMemoryOptions } from "./connect-in-memory.js";
export { connectInMemory } from "./connect-in-memory.js";
