import { createContext, Script } from "node:vm";

// A pattern that a person wrote with care takes microseconds.
const MOST_MS = 50;
const MOST_TRIES = 100;
const MAX_CHARACTERS = 65_536;
// Made once: a context takes half a millisecond and half a megabyte.
let context: { pattern: RegExp; text: string } | undefined;
let script: Script | undefined;

/**
 * A pattern of somebody else's, matched within a bound: one that backtracks without end, on purpose or not, would hold this program up
 * for as long as it takes. Given to ajv in the place of `RegExp`.
 */
export const boundedRegExp: ((source: string, flags: string) => RegExp) & { code: string } = Object.assign(bounded, { code: "new RegExp" });

function bounded(source: string, flags: string): RegExp {
  const pattern = new RegExp(source, flags);
  const test = (text: string): boolean => {
    if (text.length > MAX_CHARACTERS) throw new PatternError(`/${source}/ is matched with texts of at most ${MAX_CHARACTERS} characters`);
    return matches(pattern, text, source);
  };
  // ajv tells patterns apart by their text.
  return { test, toString: () => String(pattern) } as RegExp;
}
function matches(pattern: RegExp, text: string, source: string): boolean {
  context ??= createContext({ pattern, text }) as { pattern: RegExp; text: string };
  script ??= new Script("pattern.test(text)");
  Object.assign(context, { pattern, text });
  const before = process.cpuUsage();
  for (let tried = 1; ; tried++) {
    try {
      return script.runInContext(context, { timeout: MOST_MS }) as boolean;
    } catch {
      // On a busy machine that time may have passed while others had the processor.
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1_000 > MOST_MS || tried === MOST_TRIES) throw new PatternError(`/${source}/ takes longer than ${MOST_MS} ms`);
    }
  }
}

/** A pattern that could not be matched within its bound. The message is the end of a sentence. */
export class PatternError extends Error {}
