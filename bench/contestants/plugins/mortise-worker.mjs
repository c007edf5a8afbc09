import { defineContract, implement, method, serve } from "../../../dist/plugin.js";
import { idle, work } from "../../lib/work.mjs";

await serve({ provides: [implement(defineContract("worker", { work: method(), idle: method() }), { work, idle })] });
