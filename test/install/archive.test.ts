import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/install/archive/archive-limits.js";
import { openArchive } from "../../src/install/archive/open-archive.js";
import { pack } from "../../src/install/archive/pack.js";
import { unpack } from "../../src/install/archive/unpack.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { type RawZipEntry, rawZip } from "../kit/raw/raw-zip.js";

gate();
let dir: string;
let outside: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "archive-"));
  dir = join(outside, "target");
  mkdirSync(dir);
});
afterEach(() => rmSync(outside, { recursive: true }));

const ATTEMPT = "Cannot install a package";
async function unpackBytes(bytes: Buffer, limits = DEFAULT_LIMITS): Promise<void> {
  const file = join(outside, "package.zip");
  writeFileSync(file, bytes);
  const archive = await openArchive(file, limits, ATTEMPT);
  try {
    await unpack(archive, dir, { attempt: ATTEMPT, executable: "run.sh" });
  } finally {
    await archive.close();
  }
}
const below = (root: string): string[] => (readdirSync(root, { recursive: true }) as string[]).sort();

const MANIFEST: RawZipEntry = { name: "mortise.json", data: "{}" };
const file = (name: string | Buffer, more: Partial<RawZipEntry> = {}): RawZipEntry => ({ name, data: "x", ...more });
const ZEROS = Buffer.alloc(2 ** 26);
const BOMB = deflateRawSync(ZEROS);
const many = (count: number): RawZipEntry[] => Array.from({ length: count }, (_, index) => file(`${index}`));

/** What lies at the same place of the archive, said by many entries. */
const overlapping = (): RawZipEntry[] => [MANIFEST, ...Array.from({ length: 100 }, (_, index) => file(`${index}`, { offset: 0 }))];

test.each<[string, RawZipEntry[] | Buffer, string | RegExp]>([
  ["F104: out of the package", [file("../evil")], '"../evil" leads out of the package'],
  ["F104: out of it from within", [file("a/../../evil")], '"a/../../evil" leads out of the package'],
  ["F104: the root", [file("/etc/evil")], '"/etc/evil" begins at the root of a file system'],
  ["F104: a drive", [file("C:/evil")], '"C:/evil" begins at a drive'],
  ["F104: backslashes", [file("..\\evil")], '"..\\\\evil" has a backslash, where a slash must be'],
  ["F104: backslashes of an old Explorer", [file("lib\\a.js")], /has a backslash, where a slash must be/],
  ["F104: a share", [file("//server/share")], /begins at the root/],
  ["F104: nothing between slashes", [file("a//b")], '"a//b" has an empty part'],
  ["F104: a dot", [file("./a")], '"./a" has an empty part'],
  ["F104: no name", [file("")], '"" has an empty part'],
  ["F105: a link", [file("link", { mode: 0o120777, data: "/etc/passwd" })], '"link" is a symbolic link'],
  ["F105: a link to a directory, and through it", [file("d", { mode: 0o120777, data: "/tmp" }), file("d/x")], '"d" is a symbolic link'],
  ["F105: a pipe", [file("p", { mode: 0o010644 })], '"p" is a pipe'],
  ["F105: a device", [file("d", { mode: 0o020644 })], '"d" is a device'],
  ["F105: a socket", [file("s", { mode: 0o140644 })], '"s" is a socket'],
  ["F105: a kind that there is not", [file("s", { mode: 0o150644 })], '"s" is of an unknown kind'],
  ["F105: a directory with content", [file("d/")], '"d/" has the name of a directory and the content of a file'],
  ["F105: a file that is a directory", [file("d", { mode: 0o040755 })], '"d" has the name of a file and is a directory'],
  ["F106: a bomb", [file("b", { packed: BOMB, bytes: ZEROS.length })], /^"b" has 67108864 bytes, and a file may have 52428800/],
  [
    "F106: a bomb that lies",
    [MANIFEST, file("b", { packed: BOMB, bytes: 1_000 })],
    /^"b" is not what the archive says: (it is longer than 1000|too many bytes)/,
  ],
  [
    "F106: a small bomb that lies",
    [MANIFEST, file("b", { packed: deflateRawSync(Buffer.alloc(2 ** 19)), bytes: 1_000 })],
    '"b" is not what the archive says: it is longer than 1000 bytes',
  ],
  ["F106: a ratio", [file("b", { data: Buffer.alloc(2 ** 21) })], '"b" is more than 200 times as long as it is in the archive (maxRatio)'],
  [
    "F106: shorter than it says",
    [file("b", { bytes: 5 })],
    /^"b" (is not what the archive says: not enough bytes|has 1 bytes, and the archive says 5)/,
  ],
  ["F106: entries that overlap", overlapping(), /overlaps with another$/],
  [
    "F106: all together",
    Array.from({ length: 3 }, (_, index) => file(`${index}`, { bytes: 40 * 2 ** 20, packedBytes: 2 ** 20 })),
    /^its files have more than 104857600 bytes/,
  ],
  ["F107: many", many(2_001), "the archive has 2001 entries, and it may have 2000 (maxEntries)"],
  ["F107: deep", [file(`${"d/".repeat(20)}x`)], /is deeper than 16 directories \(maxDepth\)$/],
  ["F107: a long name", [file("n".repeat(300))], /is longer than 200 bytes \(maxNameBytes\)$/],
  ["F108: twice", [file("a"), file("a")], '"a" is there twice'],
  ["F108: twice but for case", [file("Readme"), file("README")], '"Readme" and "README" are the same file on some systems'],
  ["F108: twice but for composition", [file("caf\u00e9"), file("cafe\u0301")], /are the same file on some systems$/],
  ["F108: a file that is a directory, too", [file("a"), file("a/b")], '"a" is both a file and a directory'],
  ["F108: a file in the place of a directory", [file("A/b"), file("a")], /is both a file and a directory$/],
  ["F108: directories but for case", [file("Lib/a"), file("lib/b")], '"Lib" and "lib" are the same directory on some systems'],
  ["F108: a prototype", [file("__proto__")], '"__proto__" has the name of a prototype'],
  ["F108: a prototype's directory", [file("__proto__/x")], '"__proto__/x" has the name of a prototype'],
  ["F109: NUL", [file("a\0.js")], '"a\\u0000.js" has a character that is not shown'],
  ["F109: a new line", [file("a\nb")], '"a\\nb" has a character that is not shown'],
  ["F109: an escape", [file("a\u001b[31m")], '"a\\u001b[31m" has a character that is not shown'],
  ["F109: a turned text", [file("a\u202egnp.exe")], '"a\\u202egnp.exe" has a character that is not shown'],
  ["F109: bytes that are no UTF-8", [file(Buffer.from([0x61, 0xff, 0xfe]))], /has a character that is not shown$/],
  ["F109: a dot at the end", [file("a.")], /ends in a dot or a space, which Windows leaves out$/],
  ["F109: a space at the end of a directory", [file("a /b")], /ends in a dot or a space/],
  ["F109: a device", [file("lib/CON")], '"lib/CON" has the name of a device of Windows'],
  ["F109: a device with an ending", [file("nul.txt")], '"nul.txt" has the name of a device of Windows'],
  ["F109: a stream", [file("xx:stream")], '"xx:stream" has a character that Windows reserves'],
  ["F110: another name where it begins", [file("good", { localName: "evil" })], '"good" has another name where it begins'],
  ["F110: damaged", [MANIFEST, file("a", { crc: 1 })], '"a" is damaged: its checksum is not the archive\'s'],
  ["F110: encrypted", [file("a", { flags: 1 })], '"a" is encrypted'],
  ["F110: another method", [file("a", { method: 12 })], '"a" is packed by a method other than deflate'],
  ["F110: no deflate", [MANIFEST, file("a", { packed: Buffer.from("not deflate"), bytes: 9 })], /^"a" is not what the archive says: /],
  [
    "F110: a long one that is no deflate",
    [MANIFEST, file("a", { packed: Buffer.alloc(2 ** 21, "x"), bytes: 2 ** 21 })],
    /^"a" is not what the archive says: /,
  ],
  ["F110: cut", rawZip([MANIFEST]).subarray(0, 60), /^it is no zip that can be read: /],
  ["F110: empty", [], "the archive is empty"],
  ["F110: no bytes", Buffer.alloc(0), /^it is no zip that can be read: /],
  ["F110: something before it", rawZip([MANIFEST], { prefix: Buffer.from("#!/bin/sh\n") }), "there is something before its first file"],
  ["F110: an offset beyond the end", [file("a", { offset: 2 ** 30 })], /^there is something before its first file$|cannot be read/],
  ["F110: more entries than there are", rawZip([MANIFEST], { count: 3 }), /^its directory cannot be read: |^it is no zip/],
  ["a tar", Buffer.from("ustar".repeat(200)), /^it is no zip that can be read: /],
])("[%s] is refused by a sentence, and nothing is outside of the target", async (_what, content, expected) => {
  const before = below(outside);
  const error = await rejection(unpackBytes(Buffer.isBuffer(content) ? content : rawZip(content)));
  expect(error).toMatchObject({ code: "BAD_ARCHIVE", name: "PluginError" });
  const sentence = error.message.slice(`${ATTEMPT}: `.length);
  if (typeof expected === "string") expect(sentence).toBe(expected);
  else expect(sentence).toMatch(expected);
  expect(sentence).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(below(outside).filter((path) => !path.startsWith("target"))).toEqual(
    [...before, "package.zip"].filter((path) => path !== "target").sort(),
  );
  // Of one that lies about its length, no more than that was written.
  for (const path of below(dir)) expect(statSync(join(dir, path)).size).toBeLessThanOrEqual(1_000);
});

test("[F111] modes are 0644 or 0755 alone, whatever the archive says", async () => {
  await unpackBytes(
    rawZip([MANIFEST, file("a", { mode: 0o106777 }), file("b", { mode: 0o100600 }), file("c", { mode: 0 }), file("run.sh", { mode: 0 })]),
  );
  const modes = below(dir).map((name) => [name, (statSync(join(dir, name)).mode & 0o7777).toString(8)]);
  expect(modes).toEqual([
    ["a", "755"],
    ["b", "644"],
    ["c", "644"],
    ["mortise.json", "644"],
    ["run.sh", "755"],
  ]);
});

test("what macOS packs beside the files is left out, and so is the one directory that all of it lies in", async () => {
  const entries = [
    file("my plugin/", { data: "", mode: 0o040755 }),
    file("my plugin/mortise.json"),
    file("my plugin/lib/a.js"),
    file("__MACOSX/my plugin/._mortise.json"),
  ];
  await unpackBytes(rawZip(entries));
  expect(below(dir)).toEqual(["lib", "lib/a.js", "mortise.json"]);
});

const FILES = ["mortise.json", "lib/a.js", "lib/empty", "naïve café.txt", "run.sh"];
function tree(): string {
  const source = join(outside, "source");
  mkdirSync(join(source, "lib"), { recursive: true });
  for (const name of FILES) writeFileSync(join(source, name), name === "lib/empty" ? "" : `content of ${name}\n`.repeat(200));
  execFileSync("chmod", ["755", join(source, "run.sh")]);
  return source;
}
const PYTHON = `import sys, zipfile, os
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
  for base, _, names in os.walk("."):
    for name in sorted(names): z.write(os.path.join(base, name))`;

test.each<[string, string, string[], number?]>([
  ["zip", "zip", ["-qr", "ZIP", "."]],
  ["zip, stored, from a pipe", "sh", ["-c", 'zip -q0r - . > "$0"', "ZIP"]],
  ["Python's zipfile", "python3", ["-c", PYTHON, "ZIP"]],
])("an archive by %s unpacks to what was packed", async (_what, command, args) => {
  const source = tree();
  const zip = join(outside, "made.zip");
  execFileSync(
    command,
    args.map((arg) => (arg === "ZIP" ? zip : arg)),
    { cwd: source, env: { ...process.env, LC_ALL: "C.UTF-8" } },
  );
  await unpackBytes(readFileSync(zip));
  expect(below(dir)).toEqual(below(source));
  for (const name of FILES) expect(readFileSync(join(dir, name), "utf8")).toBe(readFileSync(join(source, name), "utf8"));
  expect(statSync(join(dir, "run.sh")).mode & 0o111).toBe(0o111);
});

test("a directory is packed into the same bytes each time, which unzip and we read; links in it are refused", async () => {
  const source = tree();
  mkdirSync(join(source, "node_modules/.bin"), { recursive: true });
  symlinkSync("../x", join(source, "node_modules/.bin/x"));
  mkdirSync(join(source, ".git"));
  writeFileSync(join(source, "zeros"), Buffer.alloc(3 * 2 ** 20));
  const [one, two] = ["one.zip", "two.zip"].map((name) => join(outside, name)) as [string, string];
  await pack(source, one, DEFAULT_LIMITS, ATTEMPT);
  await pack(source, two, DEFAULT_LIMITS, ATTEMPT);
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  expect(execFileSync("unzip", ["-t", one], { encoding: "utf8" })).toMatch(/No errors detected/);
  await unpackBytes(readFileSync(one));
  expect(below(dir)).toEqual([...FILES, "lib", "zeros"].sort());
  expect(statSync(join(dir, "run.sh")).mode & 0o777).toBe(0o755);
  symlinkSync("/etc/passwd", join(source, "lib/link"));
  expect((await rejection(pack(source, join(outside, "three.zip"), DEFAULT_LIMITS, ATTEMPT))).message).toBe(
    `${ATTEMPT}: "lib/link" is a symbolic link, and a package has files alone`,
  );
});

test("[F107] 65,000 entries are refused from the end of the archive, without reading them", async () => {
  // The count of an archive that is larger than a plain one may be.
  const error = await rejection(unpackBytes(rawZip([MANIFEST], { count: 65_000 })));
  expect(error.message).toBe(`${ATTEMPT}: the archive has 65000 entries, and it may have 2000 (maxEntries)`);
});
