import { implement, NewClient } from "mortise";
import { board } from "./board.js";

const shown: string[] = [];
let enough = (): void => {};
const three = new Promise<void>((resolve) => {
  enough = resolve;
});
const show = (text: string): void => {
  if (shown.push(text) === 3) enough();
};
await using client = NewClient({
  command: new URL("./ticker-plugin.js", import.meta.url),
  provides: [implement(board, { show })],
});
await client.start();
await three;
console.log(shown.slice(0, 3));
