import { implement, serveMux } from "mortise/plugin";
import { text } from "./text.js";

await serveMux({
  upper: { provides: [implement(text, { change: (input) => input.toUpperCase() })] },
  lower: { provides: [implement(text, { change: (input) => input.toLowerCase() })] },
});
