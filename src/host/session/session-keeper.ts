import type { Manifest } from "../../install/manifest/manifest.js";
import type { Logger } from "../../util/logger.js";
import type { Grants } from "../grants.js";
import type { LastExit } from "./session.js";

/** What is known of a plugin from before this host was started. */
export interface Kept {
  readonly manifest?: Manifest | undefined;
  readonly wish?: "active" | "inactive" | undefined;
  readonly grants?: Grants | undefined;
  readonly settings?: unknown;
  readonly lastExit?: LastExit | undefined;
}

/** Keeps what is to be known of a plugin when the host is started again. Each resolves once it is on disk. */
export interface SessionKeeper {
  wish(id: string, state: "active" | "inactive"): Promise<void>;
  grants(id: string, grants: Grants): Promise<void>;
  /** Looks whether settings fit, has them offered to the plugin, and keeps them once it took them. */
  settings(id: string, settings: unknown, offer: (settings: unknown) => Promise<void>): Promise<void>;
  /** A credential was issued to it, or refused. Nobody waits for it to be kept. */
  access(id: string, permissions: readonly string[], ok: boolean): void;
  /** Nobody waits for it. */
  lastExit(id: string, exit: LastExit): void;
  /** What a plugin says, and what is said of it, into its log as well. */
  logger(id: string, logger: Logger): Logger;
}
