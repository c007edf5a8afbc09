import { conformance } from "../../kit/conformance.js";
import { gate } from "../../kit/gate.js";
import { examplePlugin, lacks } from "../../kit/languages.js";
import { GREETER } from "./subjects.js";

gate();

conformance("the Python plugin", {
  ...GREETER,
  command: () => [examplePlugin("python-greeter/plugin.py")],
  skip: lacks("python3"),
});
