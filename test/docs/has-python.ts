import { spawnSync } from "node:child_process";

/** Whether this machine can run the plugins that are written in Python. */
export const hasPython: boolean = spawnSync("python3", ["--version"]).status === 0;
