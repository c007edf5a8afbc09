import type { Subject } from "../../kit/conformance/subject.js";

/** The example plugin that counts down, in whatever language. */
export const COUNTDOWN: Omit<Subject, "command"> = {
  apiVersion: 1,
  object: { method: "countdown.tempo", params: { everyMs: 1 }, result: null },
  nothing: { method: "countdown.tempo", params: { everyMs: 1 } },
  value: { method: "countdown.start", params: [2], result: "Lift-off!" },
  endless: { method: "countdown.start", params: [1_000_000_000] },
  held: { method: "countdown.start", params: [0], result: "Lift-off!", calls: "control.go", answer: true },
  hostProvides: [{ name: "control", members: { tick: { kind: "notification" }, go: { kind: "method" } } }],
};

/** One that greets, too. */
export const GREETER: Omit<Subject, "command"> = {
  ...COUNTDOWN,
  object: { method: "greeter.greet", params: { name: "ü" }, result: "Hello, ü!" },
};
