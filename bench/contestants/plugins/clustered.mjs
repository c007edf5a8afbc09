import { idle, work } from "../../lib/work.mjs";

const functions = { idle, work };

process.on("message", ({ id, name, input }) => process.send({ id, result: functions[name](input) }));
process.once("disconnect", () => process.exit());
