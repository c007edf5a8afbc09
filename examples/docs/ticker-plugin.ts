import { serve } from "mortise/plugin";
import { board } from "./board.js";

await serve({
  provides: [],
  configure: (_config, { peer, signal }) => {
    const { show } = peer.dispense(board);
    let count = 0;
    const timer = setInterval(() => void show(`tick ${++count}`).catch(console.error), 10);
    signal.addEventListener("abort", () => clearInterval(timer));
  },
});
