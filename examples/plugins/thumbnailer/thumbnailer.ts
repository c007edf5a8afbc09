import { defineContract, method } from "mortise/contract";

export interface Job {
  /** A binary PGM or PPM file. */
  readonly image: Uint8Array;
  /** Of the longer side of the thumbnail, in pixels. */
  readonly maxSize: number;
  /** Called after each row, with the share that is done, 0 to 1. */
  readonly onProgress: (done: number) => void;
}
export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  /** A file of the same format. */
  readonly image: Uint8Array;
}

export const thumbnailer = defineContract("thumbnailer", { shrink: method<Job, Thumbnail>() });
