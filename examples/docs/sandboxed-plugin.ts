import { readFile } from "node:fs/promises";
import { implement, serve } from "mortise/plugin";
import { files } from "./files.js";

await serve({
  provides: [implement(files, { read: (path) => readFile(path, "utf8") })],
});
