/**
 * Loads a package that need not be there. Bundlers see no name, and so neither join it in nor stop where they do not find it; webpack and
 * vite have to be told to leave what they cannot see.
 */
export function importOptional(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}
