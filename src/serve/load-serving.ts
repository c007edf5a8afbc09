import { loadCompiled, type Serving } from "./compiled.js";

let serving: Serving | undefined;

/** The part of this room that is loaded once a plugin serves: as the build compiled it for this Node.js, or else as a module. */
export async function loadServing(): Promise<Serving> {
  serving ??= loadCompiled() ?? (await import("./serving.js"));
  return serving;
}
