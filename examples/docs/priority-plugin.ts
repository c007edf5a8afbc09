import { getPriority } from "node:os";
import { implement, serve } from "mortise/plugin";
import { priority } from "./priority.js";

await serve({ provides: [implement(priority, { get: () => getPriority() })] });
