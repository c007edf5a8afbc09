import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { PluginError } from "../../src/index.js";

const DOCUMENT = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

/**
 * Fails unless the sentence is, to the letter, the one that docs/errors.md shows under that code.
 * @param hide What differs from one run to the next, by what it stands for.
 */
export async function expectShown(error: unknown, code: string, file = code, hide: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code: actual, message: whole } = error as PluginError;
  expect(actual).toBe(code);
  const message = Object.entries(hide).reduce((text, [part, shown]) => text.replaceAll(part, shown), whole);
  // docs:sync copies it into the document: after a change run vitest with -u, then npm run docs:sync.
  await expect(`${message}\n`).toMatchFileSnapshot(`sentences/${file}.txt`);
  expect(DOCUMENT.split(/^## /m).find((section) => section.startsWith(`${code}\n`))).toContain(
    `test/docs/sentences/${file}.txt\n${message}\n`,
  );
}
