import type { CommandLine } from "./command.js";

// Arguments may be as long as the system allows, and hold what is not for every log.
const MAX_CHARACTERS = 300;

/** File and arguments in one text, whatever their length. */
export function wholeCommand(command: CommandLine): string {
  return command.join(" ");
}

/** A command as people know it, short enough for a sentence. */
export function showCommand(command: CommandLine): string {
  return abridge(command, MAX_CHARACTERS);
}

/** Words joined by spaces, up to so many characters, and how many words there are beyond. */
export function abridge(words: readonly string[], most: number): string {
  const whole = words.join(" ");
  if (whole.length <= most) return whole;
  // Half of a pair is no character.
  const cut = whole.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
  let end = -1;
  const begun = words.filter((word, index) => {
    const begins = end + 1 < most;
    end += word.length + 1;
    return begins || index === 0;
  }).length;
  const left = words.length - begun;
  return `${cut.trimEnd()}…${left === 0 ? "" : ` and ${left} argument${left === 1 ? "" : "s"} more`}`;
}
