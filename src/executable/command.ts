/** Executable and arguments, run without a shell. A path may be a `file:` URL, as `new URL("./plugin.js", import.meta.url)`. */
export type Command = string | URL | readonly [file: string | URL, ...args: (string | URL)[]];

/** File and arguments as texts. */
export type CommandLine = readonly [file: string, ...args: string[]];
