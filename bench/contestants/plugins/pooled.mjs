export { idle, work } from "../../lib/work.mjs";
