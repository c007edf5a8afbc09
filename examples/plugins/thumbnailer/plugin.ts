import { implement, serve } from "mortise/plugin";
import { canvasFor, drawRow, encode, parse } from "./pixmap.js";
import { thumbnailer } from "./thumbnailer.js";

await serve({
  provides: [
    implement(thumbnailer, {
      shrink: async ({ image, maxSize, onProgress }, { signal }) => {
        const original = parse(image);
        const thumbnail = canvasFor(original, maxSize);
        const { width, height } = thumbnail;
        for (let row = 0; row < height; row++) {
          drawRow(original, thumbnail, row);
          // A function of the host's. While it is awaited the plugin reads on, and hears of a cancel.
          await onProgress((row + 1) / height);
          signal.throwIfAborted();
        }
        return { width, height, image: encode(thumbnail) };
      },
    }),
  ],
});
