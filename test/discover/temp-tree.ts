import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";

export interface TempTree {
  readonly dir: string;
  /** Makes an empty file, and the directories on the way to it. Returns its path. */
  file(name: string, mode?: number): string;
}

/** A directory that is new for each test of a file. */
export function tempTree(name: string): TempTree {
  let dir = "";
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  return {
    get dir() {
      return dir;
    },
    file(path, mode = 0o644) {
      const full = join(dir, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, "");
      chmodSync(full, mode);
      return full;
    },
  };
}
