import { readCompiled } from "./compiled.js";

type Serving = typeof import("./serving.js");

let serving: Serving | undefined;

/** What serves: as the build compiled it for this Node.js, or else as any other module. */
export async function loadServing(): Promise<Serving> {
  serving ??= readCompiled<Serving>() ?? (await import("./serving.js"));
  return serving;
}
