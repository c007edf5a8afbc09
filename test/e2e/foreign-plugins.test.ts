import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll } from "vitest";
import type { Subject } from "../kit/conformance/subject.js";
import { conformance } from "../kit/conformance.js";
import { fixture } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { buildGoPlugin, examplePlugin, lacks } from "../kit/languages.js";

gate();

let goPlugin = "";
const noGo = lacks("go");
beforeAll(() => {
  if (noGo === undefined) goPlugin = buildGoPlugin(mkdtempSync(join(tmpdir(), "go-")));
}, 300_000);

const COUNTDOWN: Omit<Subject, "command"> = {
  apiVersion: 1,
  object: { method: "countdown.tempo", params: { everyMs: 1 }, result: null },
  nothing: { method: "countdown.tempo", params: { everyMs: 1 } },
  value: { method: "countdown.start", params: [2], result: "Lift-off!" },
  endless: { method: "countdown.start", params: [1_000_000_000] },
  held: { method: "countdown.start", params: [0], result: "Lift-off!", calls: "control.go", answer: true },
  hostProvides: [{ name: "control", members: { tick: { kind: "notification" }, go: { kind: "method" } } }],
};
const GREETER = { ...COUNTDOWN, object: { method: "greeter.greet", params: { name: "ü" }, result: "Hello, ü!" } };

conformance("the Node plugin that echoes", {
  command: () => [process.execPath, fixture("echo")],
  apiVersion: 1,
  object: { method: "echo.echo", params: { a: [1, "ü"] }, result: { a: [1, "ü"] } },
  value: { method: "echo.later", params: [7], result: 7 },
  nothing: { method: "echo.echo" },
  endless: { method: "echo.never" },
});
conformance("the Node plugin that counts down", {
  ...COUNTDOWN,
  command: () => [process.execPath, examplePlugin("countdown/plugin.js")],
});
conformance("the Python plugin", {
  ...GREETER,
  command: () => [examplePlugin("python-greeter/plugin.py")],
  skip: lacks("python3"),
});
conformance("the Go plugin", { ...GREETER, command: () => [goPlugin], skip: noGo });
