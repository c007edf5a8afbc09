/** Names, `*` at the end for any. Of topics as they cross (`blog/post.published`), or, without a slash, those of the host's own set. */
export interface Grants {
  /** Contracts of the host that it may call. @default none */
  readonly contracts?: readonly string[] | undefined;
  /** Events that it may hear and emit. @default none */
  readonly events?: readonly string[] | undefined;
  /** Actions that it may ask and answer. @default none */
  readonly actions?: readonly string[] | undefined;
  /** Hooks that it may join and run. @default none */
  readonly hooks?: readonly string[] | undefined;
  /** Whether the gateway hands requests on to it. @default false */
  readonly http?: boolean | undefined;
}
export type GrantKind = "contracts" | "events" | "actions" | "hooks";

/** What a plugin may do that was written into the program's own code. */
export const EVERYTHING: Grants = Object.freeze({ contracts: ["*"], events: ["*"], actions: ["*"], hooks: ["*"], http: true });

/** Says whether grants cover a name. @param ownSet The name of the host's own set of topics, for names without a slash. */
export function isGranted(grants: Grants, kind: GrantKind, name: string, ownSet: string | undefined): boolean {
  return (grants[kind] ?? []).some((pattern) => {
    if (matches(pattern, name)) return true;
    return kind !== "contracts" && ownSet !== undefined && !pattern.includes("/") && matches(`${ownSet}/${pattern}`, name);
  });
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** What a plugin lacks, as the end of a sentence. */
export function lackingGrant(pluginId: string, kind: GrantKind, name: string): string {
  return `plugin "${pluginId}" lacks the grant for ${NOUNS[kind]} "${name}"\n  Give it with session.grant({ ${kind}: ["${name}"] }), or in its spec.`;
}

const NOUNS: Readonly<Record<GrantKind, string>> = {
  contracts: "the contract",
  events: "the event",
  actions: "the action",
  hooks: "the hook",
};
