// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of a configuration.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host, type HostOptions, loadConfig } from "../../src/host/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
  delete process.env["CONFIG_TEST_TOKEN"];
});
const write = (name: string, content: unknown): string => {
  writeFileSync(join(dir, name), typeof content === "string" ? content : JSON.stringify(content));
  return join(dir, name);
};
const linesOf = async (content: unknown): Promise<string[]> => {
  const error = await rejection(loadConfig(write("mortise.config.json", content)));
  expect(error).toMatchObject({ code: "INVALID_INPUT" });
  const [first, ...lines] = error.message.split("\n  ");
  expect(first).toBe(`Cannot take the configuration from "${join(dir, "mortise.config.json")}"`);
  return lines;
};

test("[T17] a host is what its file says; paths begin at the file, variables of the environment are filled in", async () => {
  process.env["CONFIG_TEST_TOKEN"] = "a-token";
  write("mortise.config.json", {
    $schema: "x",
    app: { name: "blog", version: "1.0.0" },
    dataDir: "data",
    listen: { port: 0 },
    plugins: [
      {
        id: "spelling",
        command: "./spelling.js",
        required: true,
        options: { text: "$${kept}", list: ["${CONFIG_TEST_TOKEN}!"] },
        restart: false,
      },
      { id: "far", mode: "external", token: "${CONFIG_TEST_TOKEN}" },
    ],
  });
  const options = await loadConfig(dir);
  expect(options).toEqual({
    app: { name: "blog", version: "1.0.0" },
    dataDir: join(dir, "data"),
    listen: { port: 0 },
    plugins: [
      {
        id: "spelling",
        mode: "supervised",
        command: "./spelling.js",
        cwd: dir,
        required: true,
        options: { text: "${kept}", list: ["a-token!"] },
        restart: false,
      },
      { id: "far", mode: "external", token: "a-token" },
    ],
  });
  await using host = new Host(options);
  expect(host.getSessions().map(({ id, mode }) => [id, mode])).toEqual([
    ["spelling", "supervised"],
    ["far", "external"],
  ]);
});

test("[T2] the shape of a list of remote plugins is taken, too", async () => {
  const options = await loadConfig(
    write("plugins.json", {
      port: 51_234,
      clientTimeoutMs: 4_000,
      plugins: [{ name: "remote-plugin", token: "secret-token", required: false, options: {} }],
    }),
  );
  expect(options).toEqual({
    listen: { port: 51_234 },
    clientTimeoutMs: 4_000,
    plugins: [{ mode: "external", id: "remote-plugin", token: "secret-token", required: false, options: {} }],
  });
});

test("[T17] every fault is told at once, each with its path", async () => {
  const lines = await linesOf({
    ap: {},
    app: { name: "blog" },
    listen: { port: 70_000, hosst: "x" },
    readyTimeoutMs: 0,
    plugins: [
      { id: "a b", command: [] },
      { id: "x", mode: "external", token: "${NOT_IN_THE_ENVIRONMENT}", tokn: 1 },
      { command: "y" },
      7,
      { id: "z", mode: "inline" },
      { name: "host" },
    ],
  });
  expect(lines.sort()).toEqual(
    [
      "plugins[1].token refers to ${NOT_IN_THE_ENVIRONMENT}, and the environment has no NOT_IN_THE_ENVIRONMENT",
      'ap is not known; did you mean "app"?',
      "app.version is missing: a text of 1 to 64 characters",
      "listen.port is 70000, and it must be a whole number from 0 to 65535",
      'listen.hosst is not known; did you mean "host"?',
      "readyTimeoutMs is 0, and it must be a number of milliseconds above 0",
      'plugins[0].id is "a b", and it must be an id: 1 to 128 letters, digits, dots, underscores or dashes, beginning with a letter or digit, and not "host"',
      "plugins[0].command is a list, and it must be a file or program, or a list of it and its arguments",
      'plugins[1].token is "", and it must be a text of 1 to 4096 characters',
      'plugins[1].tokn is not known; did you mean "token"?',
      'plugins[2].id is missing: an id: 1 to 128 letters, digits, dots, underscores or dashes, beginning with a letter or digit, and not "host"',
      "plugins[3] is 7, and it must be an object that says how a plugin is run",
      'plugins[4].mode is "inline", and it must be "supervised" or "external"',
      "plugins[4].command is missing: a file or program, or a list of it and its arguments",
      'plugins[5].id is "host", and it must be an id: 1 to 128 letters, digits, dots, underscores or dashes, beginning with a letter or digit, and not "host"',
    ].sort(),
  );
});

test("[T17] what is no configuration is refused by a sentence", async () => {
  expect(await linesOf("{")).toEqual([expect.stringMatching(/^it is no JSON: /)]);
  expect(await linesOf("[]")).toEqual([expect.stringMatching(/^it is a list, and it must be an object with /)]);
  expect(await linesOf(`${"[".repeat(100)}${"]".repeat(100)}`)).toEqual(["it is nested deeper than 64 levels"]);
  expect(
    await linesOf({
      plugins: [
        { id: "a", command: "x" },
        { id: "a", command: "y" },
      ],
    }),
  ).toEqual([expect.stringMatching(/two plugins have the id "a"/)]);
  expect((await rejection(loadConfig(join(dir, "nowhere")))).message).toMatch(/nowhere"\n {2}it is not there$/);
  const empty = join(dir, "mortise.config.js");
  write("mortise.config.js", "export default {};");
  expect((await rejection(loadConfig(dir))).message).toMatch(
    /has both mortise\.config\.json and mortise\.config\.js: name the one that is meant$/,
  );
  expect(await loadConfig(empty)).toEqual({});
});

test("[T17] a module gives options, or a function that does, with what only code can say", async () => {
  const file = write(
    "mortise.config.mjs",
    `export default async () => ({ plugins: [{ id: "own", mode: "inline", provides: [] }, { id: "x", command: "./x.js" }], access: () => 1, logger: console });`,
  );
  const options: HostOptions = await loadConfig(file);
  expect(options.plugins?.map(({ id, mode }) => [id, mode])).toEqual([
    ["own", "inline"],
    ["x", "supervised"],
  ]);
  expect(options.access?.("a", [], { signal: new AbortController().signal })).toBe(1);
  expect(
    (await rejection(loadConfig(write("bad.mjs", "export default { plugins: 3, readyTimeoutMs: -1 };")))).message.split("\n  ").slice(1),
  ).toEqual(["plugins is 3, and it must be a list of plugins", "readyTimeoutMs is -1, and it must be a number of milliseconds above 0"]);
  expect((await rejection(loadConfig(write("throws.mjs", "throw new Error('no database');")))).message).toMatch(
    /it could not be run: no database$/,
  );
});
