import { describe, test } from "vitest";
import { judgeCalls } from "./conformance/calls.js";
import { judgeClosing } from "./conformance/closing.js";
import { judgeEnding } from "./conformance/ending.js";
import { judgeProof } from "./conformance/proof.js";
import { judgeStarting } from "./conformance/starting.js";
import type { Judging, Subject } from "./conformance/subject.js";
import { RawProcess } from "./raw/raw-process.js";

/**
 * Registers a test for each rule that docs/protocol.md has for plugins, by the bytes and the process alone: what judges a plugin
 * in any language.
 */
export function conformance(name: string, subject: Subject): void {
  const judging: Judging = {
    name,
    subject,
    judge: subject.skip === undefined ? test : test.skip,
    start: (env = {}) => new RawProcess(subject.command(), env, subject.hostProvides),
  };
  describe(subject.skip === undefined ? name : `${name} (left out: ${subject.skip})`, () => {
    for (const section of [judgeStarting, judgeProof, judgeCalls, judgeClosing, judgeEnding]) section(judging);
  });
}
