import type { Checked } from "../../executable/checksum.js";
import type { Executable } from "../../executable/executable.js";
import type { Announcement } from "../../handshake/announcement.js";
import type { PluginEnv } from "../../handshake/env.js";
import type { Running } from "../../process/runtime.js";
import type { Address } from "../../util/address.js";
import type { PluginLink } from "../plugin-link.js";
import type { Stdio } from "../stdio.js";
import type { TlsIdentity } from "./tls-identity.js";

/** A plugin's process, and what it was told. */
export interface Launched {
  readonly running: Running;
  readonly env: PluginEnv;
  /** What this host shows in TLS, if that is spoken. */
  readonly tls: TlsIdentity | undefined;
  /** What was run, where a child process was. */
  readonly executable: Executable | undefined;
  /** The plugin's file, where it had to have a checksum. */
  readonly checked: Checked | undefined;
  /** Removes what was made for the start. */
  release(): Promise<void>;
}

/** What a start has opened so far: whoever ends it closes what is there. */
export interface Opened {
  readonly launched: Launched | undefined;
  readonly stdio: Stdio | undefined;
  readonly link: PluginLink | undefined;
}

/** A plugin that is ready. */
export interface Started {
  readonly launched: Launched;
  readonly stdio: Stdio;
  readonly link: PluginLink;
  readonly address: Address;
  readonly protocol: Announcement["protocol"];
}
