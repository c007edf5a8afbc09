import { expect, test } from "vitest";
import { abridge, showCommand, wholeCommand } from "../../src/executable/shown-command.js";
import { NewClient } from "../../src/index.js";
import { startFailure } from "../client/start/start-failure.js";
import { gate } from "../kit/gate.js";

gate();

test("[O25] a command is shown as it is, unless it is long", () => {
  for (const command of [["./kv.js"], ["node", "a b", ""], ["x".repeat(298), "y"]] as const)
    expect(showCommand(command)).toBe(wholeCommand(command));
});

test.each([
  [["ab", "cd", "ef", "gh"], "ab cd… and 2 arguments more"],
  [["ab", "cde", "f", "gh"], "ab cd… and 2 arguments more"],
  [["ab", "c", "defg"], "ab c… and 1 argument more"],
  [["abcdefgh"], "abcde…"],
  [["abcdefgh", "i"], "abcde… and 1 argument more"],
  [["a", "cd\u{1f600}"], "a cd…"],
  [["ab", "", "cd"], "ab  c…"],
])("[O25] of a long one what fits, and how much there is beyond: %j", (words, shown) => {
  expect(abridge(words, 5)).toBe(shown);
});

test("[O25] the sentence of a start that failed has the beginning of a long command, and the error all of it", async () => {
  const command = ["/bin/sh", "-c", "exit 3", "sh", ...Array.from({ length: 1_000 }, (_, index) => `argument-${index}`)] as const;
  const error = await startFailure(NewClient({ command }));
  expect(error.command).toBe(command.join(" "));
  expect(error.message).toMatch(
    /^Cannot start plugin "\/bin\/sh -c exit 3 sh argument-0 .* and 9\d\d arguments more": it exited with code 3 /,
  );
  expect(error.message).toMatch(/\n {2}Run it by hand .* \/bin\/sh -c 'exit 3' sh argument-0 .*… and \d+ arguments more$/);
  expect(error.message.length).toBeLessThan(2_000);
});

test("[O25] who starts a client too late is told the same", async () => {
  const command = ["/bin/sh", "x".repeat(100_000)] as const;
  const client = NewClient({ command });
  await client.kill();
  const error = await client.start().catch((thrown: unknown) => thrown as Error & { command: string });
  expect(error).toMatchObject({
    command: command.join(" "),
    message: expect.stringMatching(/^Cannot start plugin "\/bin\/sh x{292}…": this client was killed/),
  });
});
