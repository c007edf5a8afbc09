import { conformance } from "../../kit/conformance.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { examplePlugin } from "../../kit/languages.js";
import { COUNTDOWN } from "./subjects.js";

gate();

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
