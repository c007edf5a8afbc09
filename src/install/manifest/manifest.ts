/** What a package says of its plugin: `mortise.json` at its root. `docs/packaging.md` has an example. */
export interface Manifest {
  /** As a plugin's id: 1 to 128 letters, digits, dots, underscores and dashes, of which the first is a letter or a digit. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** As semver has it: `1.2.3`. */
  readonly version: string;
  /** One sentence for people. */
  readonly description?: string;
  /** Who made it. */
  readonly author?: string;
  /** As SPDX has it: `MIT`. */
  readonly license?: string;
  /** An http: or https: URL. */
  readonly homepage?: string;
  /** A picture in the package, as a path from its root. */
  readonly icon?: string;
  /** Who runs it: the host, or somebody else, and it dials in. @default "supervised" */
  readonly mode?: "supervised" | "external";
  /** What to run, from the package's root, and its arguments. Required where the host runs it. */
  readonly command?: string | readonly string[];
  /** What it works with: `mortise`, and names of applications, each with a range as semver has it. @default anything */
  readonly engines?: Readonly<Record<string, string>>;
  /** Contracts that it provides: these can be dispensed before it has been active. @default known once it was active */
  readonly provides?: readonly string[];
  /** What it asks for. It is given nothing until somebody does: `session.grant()`. @default nothing */
  readonly grants?: RequestedGrants;
  /** JSON Schema 2020-12 of its settings. Values under `writeOnly: true` are secrets. @default settings are not checked */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Credentials that it may ask its host for. @default none */
  readonly access?: { readonly permissions: readonly string[] };
  /** How it is started anew when it has ended. @default that of a host */
  readonly restart?: RequestedRestart;
  /** Started with the host, or at the first call, event or action. @default "start" */
  readonly activation?: "start" | "demand";
  /** What a gateway needs to know before it is launched. */
  readonly http?: {
    /** Of the paths that it answers. */
    readonly prefix: string;
    /** One instance for all, one for each site, or one for each connection. @default "host" */
    readonly scope?: "host" | "site" | "connection";
    /** WebSocket subprotocols that it speaks. @default none */
    readonly protocols?: readonly string[];
    /** A directory in the package whose files are served as they are. @default none */
    readonly assets?: string;
  };
}

/** As `Grants` of a host. */
export interface RequestedGrants {
  /** Contracts of the host. @default none */
  readonly contracts?: readonly string[] | undefined;
  /** Events to hear and emit. @default none */
  readonly events?: readonly string[] | undefined;
  /** Actions to ask and answer. @default none */
  readonly actions?: readonly string[] | undefined;
  /** Hooks to join and run. @default none */
  readonly hooks?: readonly string[] | undefined;
  /** Requests of the gateway. @default false */
  readonly http?: boolean | undefined;
}

/** As `RestartPolicy` of a host. */
export interface RequestedRestart {
  /** In milliseconds. @default that of a host */
  readonly initialMs?: number | undefined;
  /** What each delay is of the one before. @default that of a host */
  readonly factor?: number | undefined;
  /** In milliseconds. @default that of a host */
  readonly maxMs?: number | undefined;
  /** From 0 to 1. @default that of a host */
  readonly jitter?: number | undefined;
  /** Restarts in a row. @default that of a host */
  readonly maxAttempts?: number | undefined;
  /** In milliseconds. @default that of a host */
  readonly resetAfterMs?: number | undefined;
  /** After which ends. @default that of a host */
  readonly on?: "always" | "failure" | undefined;
  /** In milliseconds. @default that of a host */
  readonly thenEveryMs?: number | undefined;
}

/** Where a package says it. */
export const MANIFEST_FILE = "mortise.json";

/** The command of a manifest as words; none for a plugin that somebody else runs. */
export function wordsOf({ command }: Manifest): readonly string[] {
  if (command === undefined) return [];
  return typeof command === "string" ? [command] : command;
}
