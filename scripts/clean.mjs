// What is published must hold no chunk of an earlier build.
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
