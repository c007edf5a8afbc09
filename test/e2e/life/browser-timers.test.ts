import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const HOST = fileURLToPath(new URL("../../fixtures/hosts/has-browser-timers.mjs", import.meta.url));

test.for(["tcp", "unix", "websocket"])(
  "a host whose global timers are a browser's starts, calls and ends a plugin, over %s",
  async (transport) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [HOST, fixture("echo"), transport]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ echoed: { n: 1 }, length: 1_000_000, end: "killed" });
  },
);
