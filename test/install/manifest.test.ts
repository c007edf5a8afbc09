import { expect, test } from "vitest";
import type { ManifestError } from "../../src/index.js";
import { checkEngines } from "../../src/install/manifest/engines.js";
import { compileSchema } from "../../src/install/manifest/json-validator.js";
import { parseManifest } from "../../src/install/manifest/parse-manifest.js";
import { rejection } from "../kit/fixtures.js";

const GOOD = { id: "spelling", name: "Spelling", version: "1.2.3", command: "./spelling.js" };
const bytesOf = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const parse = (value: unknown) => parseManifest(bytesOf(value), "Cannot install a package");
const issuesOf = async (value: unknown): Promise<string[]> => {
  const error = (await rejection(parse(value))) as unknown as ManifestError;
  expect(error).toMatchObject({ code: "BAD_MANIFEST", name: "ManifestError" });
  expect(error.message).toMatch(/^Cannot install a package: its mortise\.json cannot be used\n {2}/);
  return error.issues.map(({ pointer, message }) => `${pointer} ${message}`);
};

test("[S26] a manifest with all there is passes, and is what it was, without its $schema", async () => {
  const all = {
    ...GOOD,
    description: "Checks drafts",
    author: "A",
    license: "MIT",
    homepage: "https://example.org/x",
    icon: "art/icon.svg",
    mode: "supervised",
    command: ["bin/spelling", "--fast", ""],
    engines: { mortise: "^0.1 || ^1", "my-app": ">=2.3" },
    provides: ["spelling"],
    grants: { contracts: ["store"], events: ["blog/*"], actions: [], hooks: [], http: true },
    settings: { type: "object", properties: { key: { type: "string", writeOnly: true, pattern: "^[a-z]+$" } }, required: ["key"] },
    access: { permissions: ["mail.read"] },
    restart: { initialMs: 1, factor: 2, maxMs: 9, jitter: 0.1, maxAttempts: 0, resetAfterMs: 1, on: "failure", thenEveryMs: 1_000 },
    activation: "demand",
    http: { prefix: "/shop/v1", scope: "site", protocols: ["chat"], assets: "public" },
  };
  expect(await parse({ $schema: "x", ...all })).toEqual(all);
  // An editor of Windows puts a byte order mark before it.
  expect(await parse(`\ufeff${JSON.stringify(GOOD)}`)).toEqual(GOOD);
  expect(await parse({ id: "far", name: "Far", version: "1.0.0-rc.1+build.5", mode: "external" })).toMatchObject({ mode: "external" });
});

const with_ = (more: object): object => ({ ...GOOD, ...more });
const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
test.each<[string, unknown, string | RegExp]>([
  ["no JSON", "{", /^ is no JSON: /],
  ["empty", "", /^ is no JSON: /],
  ["a list", [], / is a list, and it must be an object with \$schema, id, name/],
  ["a text", '"x"', / is "x", and it must be an object with/],
  ["null", "null", / is null, and it must be an object with/],
  ["too long", `"${"x".repeat(300_000)}"`, " has 300002 bytes, and at most 262144 are taken"],
  ["too deep", deep, " is nested deeper than 32 levels"],
  [
    "no id",
    { name: "x", version: "1.0.0", command: "x" },
    "/id is missing: 1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit",
  ],
  ["[F113] an id that leads away", with_({ id: "../x" }), /^\/id is "\.\.\/x", and it must be 1 to 128 letters/],
  ["[F113] an id of a prototype", with_({ id: "constructor" }), '/id is "constructor", which is reserved: choose another id'],
  ["an id of the host's", with_({ id: "Host" }), '/id is "Host", which is reserved: choose another id'],
  ["an id of a device", with_({ id: "con.1" }), '/id is "con.1", which has the name of a device of Windows: choose another id'],
  ["an id that ends in a dot", with_({ id: "x." }), /^\/id is "x\.", which has a part that ends in a dot/],
  ["an id that is too long", with_({ id: "x".repeat(129) }), /^\/id is "xxx/],
  ["an id that is a number", with_({ id: 7 }), /^\/id is 7, and it must be 1 to 128/],
  ["an empty name", with_({ name: "" }), '/name is "", and it must be a text of 1 to 128 characters'],
  ["no version", { id: "x", name: "x", command: "x" }, "/version is missing: a version as semver has it, such as 1.2.3"],
  ["half a version", with_({ version: "1.2" }), '/version is "1.2", and it must be a version as semver has it, such as 1.2.3'],
  ["a version with a v", with_({ version: "v1.2.3" }), /^\/version is "v1\.2\.3"/],
  ["a version with zeros", with_({ version: "01.2.3" }), /^\/version is "01\.2\.3"/],
  ["[S26] an author that is none", with_({ author: ["me"] }), "/author is a list, and it must be a text of 1 to 256 characters"],
  [
    "a homepage that runs",
    with_({ homepage: "javascript:alert(1)" }),
    /^\/homepage is "javascript:alert\(1\)", and it must be an http: or https: URL/,
  ],
  ["an icon elsewhere", with_({ icon: "../icon.png" }), /^\/icon is "\.\.\/icon\.png", which leads out of the package/],
  ["a misspelt name", with_({ comand: "x" }), '/comand is not known; did you mean "command"?'],
  ["a name of a prototype", JSON.stringify(GOOD).replace("{", '{"__proto__":{},'), "/__proto__ is not known"],
  ["no command", { id: "x", name: "x", version: "1.0.0" }, "/command is missing: a plugin that the host runs needs a file of the package"],
  ["a command elsewhere", with_({ command: "../../bin/sh" }), /^\/command is "\.\.\/\.\.\/bin\/sh", which leads out/],
  ["a command at the root", with_({ command: ["/bin/sh", "-c"] }), /^\/command\/0 is "\/bin\/sh", which begins at the root/],
  ["a command with backslashes", with_({ command: ".\\x.exe" }), /has a backslash, where a slash must be/],
  [
    "an empty command",
    with_({ command: [] }),
    "/command is a list, and it must be a file in the package, or a list of it and its arguments",
  ],
  ["a mode that is none", with_({ mode: "inline" }), '/mode is "inline", and it must be "supervised" or "external"'],
  [
    "a range that is none",
    with_({ engines: { "my-app": "latest" } }),
    '/engines/my-app is "latest", and it must be a range as semver has it, such as ^1.2',
  ],
  [
    "a range that is no text",
    with_({ engines: { mortise: 1 } }),
    "/engines/mortise is 1, and it must be a range as semver has it, such as ^1.2",
  ],
  ["a contract twice", with_({ provides: ["a", "a"] }), "/provides is a list, and it must be a list of names, none of them twice"],
  ["a grant that there is not", with_({ grants: { event: [] } }), '/grants/event is not known; did you mean "events"?'],
  [
    "a grant that is no list",
    with_({ grants: { events: "*" } }),
    '/grants/events is "*", and it must be a list of names, none of them twice',
  ],
  ["settings that are no schema", with_({ settings: { type: "strin" } }), /^\/settings is no JSON Schema 2020-12: /],
  [
    "settings with a reference elsewhere",
    with_({ settings: { $ref: "https://example.org/x" } }),
    /^\/settings is no JSON Schema 2020-12: can't resolve/,
  ],
  [
    "settings that are a secret",
    with_({ settings: { writeOnly: true } }),
    "/settings is writeOnly as a whole: make the values secrets that are",
  ],
  ["a pattern that is none", with_({ settings: { pattern: "(" } }), /^\/settings is no JSON Schema 2020-12: /],
  ["access without permissions", with_({ access: {} }), "/access/permissions is missing: a list of names, none of them twice"],
  ["a delay of nothing", with_({ restart: { initialMs: 0 } }), "/restart/initialMs is 0, and it must be a number of milliseconds above 0"],
  ["a policy that there is not", with_({ restart: { on: "never" } }), '/restart/on is "never", and it must be "always" or "failure"'],
  ["an activation that there is not", with_({ activation: "lazy" }), '/activation is "lazy", and it must be "start" or "demand"'],
  [
    "a prefix that leads away",
    with_({ http: { prefix: "/../x" } }),
    /^\/http\/prefix is "\/\.\.\/x", and it must be the beginning of a URL's path/,
  ],
  ["assets elsewhere", with_({ http: { prefix: "/x", assets: "../.." } }), /^\/http\/assets is "\.\.\/\.\.", which leads out/],
])("[S26, F113] a manifest is refused that is or has %s", async (_what, value, expected) => {
  const issues = await issuesOf(value);
  expect(issues).toHaveLength(1);
  if (typeof expected === "string") expect(issues[0]).toBe(expected);
  else expect(issues[0]).toMatch(expected);
});

test("[S26] all faults are told at once, each with its pointer", async () => {
  const issues = await issuesOf({ id: "../x", author: 7, version: "1", command: "x", settings: 3, grants: { nothing: 1, http: "yes" } });
  expect(issues.map((issue) => issue.split(" ", 1)[0]).sort()).toEqual(
    ["/author", "/grants/http", "/grants/nothing", "/id", "/name", "/settings", "/version"].sort(),
  );
  const later = await issuesOf(with_({ command: "../x", icon: "/x", engines: { a: "?" } }));
  expect(later).toHaveLength(3);
});

test("bytes that are no UTF-8 are refused", async () => {
  const error = await rejection(parseManifest(Buffer.from([0x7b, 0xff, 0x7d]), "Cannot install a package"));
  expect(error.message).toBe("Cannot install a package: its mortise.json cannot be used\n  The whole is no UTF-8");
});

test("[T30] what a package works with is held against this library and this application, and both are named", async () => {
  const check = (engines: Record<string, string>, app: { name: string; version: string } | undefined): Promise<void> =>
    checkEngines({ ...GOOD, engines }, { mortise: "1.4.0", app }, 'Cannot install plugin "spelling"');
  await check({ mortise: "^1.2", blog: ">=2" }, { name: "blog", version: "2.0.0" });
  await check({ blog: ">=2" }, undefined);
  await check({ mortise: "^1" }, { name: "blog", version: "2.0.0" });
  await check({ blog: ">=2", shop: "1" }, { name: "shop", version: "1.9.0" });
  expect(await rejection(check({ mortise: "^2" }, undefined))).toMatchObject({
    code: "INCOMPATIBLE",
    range: "^2",
    version: "1.4.0",
    message:
      'Cannot install plugin "spelling": it works with mortise ^2, and this is mortise 1.4.0\n  Install a version of it that works with this one.',
  });
  expect((await rejection(check({ blog: ">=2" }, { name: "blog", version: "1.0.0" }))).message).toMatch(
    /it works with blog >=2, and this is blog 1\.0\.0/,
  );
  expect((await rejection(check({ blog: ">=2" }, { name: "shop", version: "1.0.0" }))).message).toMatch(
    /it works with blog, and this is shop 1\.0\.0$/,
  );
});

test("[P5] a pattern of a package's that backtracks without end is given up", async () => {
  const validate = await compileSchema({ type: "object", properties: { key: { type: "string", pattern: "^(a+)+$" } } });
  expect(validate({ key: "aaa" })).toEqual([]);
  expect(() => validate({ key: `${"a".repeat(60)}!` })).toThrow("/^(a+)+$/ takes longer than 50 ms");
});
