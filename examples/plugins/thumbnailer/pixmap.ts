/** An image in memory: rows from the top, pixels from the left, a byte for each channel. */
export interface Pixmap {
  readonly width: number;
  readonly height: number;
  /** 1 is grey, 3 is colour. */
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Reads a binary PGM ("P5") or PPM ("P6") file. @throws {Error} If it is none. @see https://netpbm.sourceforge.net/doc/ppm.html */
export function parse(file: Uint8Array): Pixmap {
  // Three numbers after the kind, with white space or comments between them, and one white space before the pixels.
  const head = /^P([56])(?:\s+(?:#.*\n\s*)*)(\d{1,5})(?:\s+(?:#.*\n\s*)*)(\d{1,5})(?:\s+(?:#.*\n\s*)*)(\d{1,5})\s/.exec(
    Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, 1_024)).toString("latin1"),
  );
  if (head === null) throw new Error("Cannot read the image: it is no binary PGM or PPM file");
  const [width = 0, height = 0, brightest] = head.slice(2).map(Number);
  if (width === 0 || height === 0) throw new Error("Cannot read the image: it has no pixels");
  if (brightest !== 255) throw new Error(`Cannot read the image: its brightest value is ${brightest}, and must be 255`);
  const channels = head[1] === "5" ? 1 : 3;
  const pixels = file.subarray(head[0].length, head[0].length + width * height * channels);
  if (pixels.length < width * height * channels) throw new Error("Cannot read the image: it ends before its last pixel");
  return { width, height, channels, pixels };
}

/** The file of an image. */
export function encode({ width, height, channels, pixels }: Pixmap): Uint8Array {
  return Buffer.concat([Buffer.from(`P${channels === 1 ? 5 : 6}\n${width} ${height}\n255\n`), pixels]);
}

/** An image of the same shape, not yet drawn, whose longer side is at most so long. */
export function canvasFor({ width, height, channels }: Pixmap, maxSize: number): Pixmap {
  const factor = Math.min(1, maxSize / Math.max(width, height));
  const [newWidth, newHeight] = [Math.max(1, Math.round(width * factor)), Math.max(1, Math.round(height * factor))];
  return { width: newWidth, height: newHeight, channels, pixels: new Uint8Array(newWidth * newHeight * channels) };
}

/** Draws one row of a smaller image: each pixel is the mean of those that it stands for. */
export function drawRow(from: Pixmap, to: Pixmap, row: number): void {
  const { channels } = from;
  const [top, bottom] = share(row, to.height, from.height);
  for (let column = 0; column < to.width; column++) {
    const [left, right] = share(column, to.width, from.width);
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) sum += from.pixels[(y * from.width + x) * channels + channel] ?? 0;
      }
      to.pixels[(row * to.width + column) * channels + channel] = Math.round(sum / ((bottom - top) * (right - left)));
    }
  }
}

/** What part of a longer side one step of a shorter one stands for. */
function share(step: number, steps: number, length: number): [start: number, end: number] {
  return [Math.floor((step * length) / steps), Math.floor(((step + 1) * length) / steps)];
}
