import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatCrashReport, parseCrashReport } from "../../src/handshake/crash-report.js";

const SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const WORDS = { name: "TypeError", message: 'bad\n"thing"\u001e', code: "E_BAD" };

test("last words are a line that is read back as it was meant", () => {
  const line = formatCrashReport(WORDS, SECRET);
  expect(line).toMatch(/^\u001e[0-9a-f]{64} \{"name":"TypeError",[^\u0000-\u001f]*\}\n$/);
  expect(parseCrashReport(line, SECRET)).toEqual(WORDS);
  expect(parseCrashReport(formatCrashReport({ name: "E", message: "" }, SECRET), SECRET)).toEqual({
    name: "E",
    message: "",
    code: undefined,
  });
});

test("last words have at most 4 KiB, whatever was thrown", () => {
  for (const message of ["x".repeat(1_000_000), "\u0000".repeat(4_096), "€".repeat(4_096)]) {
    const line = formatCrashReport({ name: "N".repeat(5_000), message, code: "C".repeat(5_000) }, SECRET);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4_096);
    const { message: said = "", name, code } = parseCrashReport(line, SECRET) ?? {};
    expect([message.startsWith(said.slice(0, -1)), said.endsWith("…"), name?.length, code?.length]).toEqual([true, true, 128, 128]);
  }
});

test("[F144] what is not proven, or of another form, is nobody's last words", () => {
  const line = formatCrashReport(WORDS, SECRET);
  const others = [
    formatCrashReport(WORDS, "ff".repeat(32)),
    line.replace("TypeError", "TypoError"),
    line.slice(1),
    line.slice(0, -1),
    `x${line}`,
    `\u001e${"0".repeat(64)} {}\n`,
    "",
  ];
  expect(others.map((other) => parseCrashReport(other, SECRET))).toEqual(others.map(() => undefined));
});

test("docs/protocol.md shows a line of last words that is one, for the secret of its test vector", () => {
  const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
  const line = /^\u241e.*\n/m.exec(document)?.[0].replace("\u241e", "\u001e") ?? "";
  expect(parseCrashReport(line, SECRET)).toEqual({ name: "TypeError", message: "bad input", code: "E_BAD" });
});
