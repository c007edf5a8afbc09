import { implement, serve } from "mortise/plugin";
import { text } from "../text.js";

await serve({ provides: [implement(text, { change: (input) => input.toUpperCase() })] });
