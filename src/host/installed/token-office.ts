/** Issues tokens to external plugins. */
export interface TokenOffice {
  /**
   * A token for a plugin that has none. It is not shown again.
   * @throws {PluginError} `CONFLICT` It has one.
   */
  issue(id: string): Promise<string>;
  /**
   * Another token in the place of the one there is, which is worth nothing from then on.
   * @throws {PluginError} `UNKNOWN_PLUGIN` It has none.
   */
  cycle(id: string): Promise<string>;
  /** The plugin has no token any more. One that has none is no matter. */
  revoke(id: string): Promise<void>;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Before it becomes the name of a directory. @throws {TypeError} */
export function checkId(id: string, what: string): string {
  if (typeof id === "string" && ID.test(id)) return id;
  throw new TypeError(
    `Cannot ${what}: the id must be 1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit`,
  );
}
