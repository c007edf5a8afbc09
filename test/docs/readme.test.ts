import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { Project } from "../kit/project.js";

gate();
const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const README = read("README.md");
const SETUP = read("docs/guide/setup.md");
const SLOW = { timeout: 120_000 };

interface Block {
  readonly label: string;
  readonly body: string;
}

/** The blocks of a document that are programs, each with the line above it; one without a line goes on from the last. */
function blocksOf(document: string): readonly Block[] {
  let last = "";
  return [...document.matchAll(/^(.*)\n```(?:ts|json) examples\S+\n([\s\S]*?)^```$/gm)].map(([, label = "", body = ""]) => {
    const goesOn = label === "";
    if (!goesOn) last = label;
    return { label: goesOn ? (/^`[\w.]+`/.exec(last)?.[0] ?? "") : last, body };
  });
}

const fileOf = ({ label }: Block): string => /^`([\w./]+)`/.exec(label)?.[1] ?? "";
/** What a transcript shows of one command. */
const shownBy = (name: string, command: string): string =>
  new RegExp(`^\\$ ${command}\\n((?:(?!\\$ ).*\\n)*)`, "m").exec(read(`examples/docs/output/${name}.txt`))?.[1] ?? "nothing";
const [, COMPILE = ""] = /`(npx tsc [^`]+)`/.exec(README) ?? [];

test("the README has at most 250 lines", () => {
  expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(250);
});

test("the README names the Node.js that the package asks for", () => {
  const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
  expect(README).toContain(`Node.js ${engines.node.replace(">=", "")} or later.`);
});

test("the README's hello world, pasted into an empty directory, compiles and runs from anywhere", SLOW, async () => {
  using project = new Project();
  for (const block of blocksOf(README.split("## Six tasks")[0] ?? "")) project.write(fileOf(block), block.body);
  expect(await project.run(COMPILE)).toEqual({ exitCode: 0, output: "" });
  const run = (file: string): Promise<unknown> => project.run(`node "${project.dir}/${file}"`, { cwd: tmpdir() });
  expect(await run("host.js")).toEqual({ exitCode: 0, output: shownBy("host", "node host.js") });
  expect(await run("plugin.js")).toMatchObject({ exitCode: 1, output: shownBy("host", "node plugin.js") });
});

test("the guide's project, with its tsconfig.json, compiles and runs", SLOW, async () => {
  using project = new Project();
  for (const block of blocksOf(SETUP)) project.write(fileOf(block), block.body);
  expect(await project.run("npx tsc")).toEqual({ exitCode: 0, output: "" });
  const output = shownBy("host", "node host.js");
  expect(await project.run(`node "${project.dir}/dist/host.js"`, { cwd: tmpdir() })).toEqual({ exitCode: 0, output });
});

/** Where a block goes that names no place of its own: before the line that begins so. */
const PLACES: Readonly<Record<string, string>> = { "greeter.ts": "});", "plugin.ts": "    }),", "host.ts": "} finally {" };
/** The lines that a block takes the place of, where the line above it says so. */
const INSTEAD: readonly (readonly [said: string, line: string])[] = [
  ["in place of its last line", "});\n"],
  ["in place of its `const client = …`", "const client = NewClient({ command });\n"],
  ["in place of what is there", "  await client.kill();\n"],
];
/** What the README says of imports, and what that makes of them. */
const IMPORTS: readonly (readonly [said: string, file: string, line: string, made: string])[] = [
  ['`import * as z from "zod"`', "greeter.ts", "\n\nexport const greeter", '\nimport * as z from "zod";\n\nexport const greeter'],
  ["(import it beside `method`)", "greeter.ts", "{ defineContract, method }", "{ defineContract, method, stream }"],
  ["with `clock` in its import", "plugin.ts", "{ greeter }", "{ clock, greeter }"],
  ["with `clock` and `implement` in its imports", "host.ts", "{ greeter }", "{ clock, greeter }"],
  ["with `clock` and `implement` in its imports", "host.ts", "{ NewClient }", "{ implement, NewClient }"],
  ["with `isPluginError` in its import", "host.ts", "{ implement, NewClient }", "{ implement, isPluginError, NewClient }"],
];

function replaceOnce(text: string, part: string, instead: string): string {
  expect(text.split(part).length, `"${part}" stands once in:\n${text}`).toBe(2);
  return text.replace(part, () => instead);
}

test("the README's six tasks, each pasted where it says, compile and print what it shows", SLOW, async () => {
  const [hello = "", tasks = ""] = README.split("## Six tasks");
  const files = new Map(blocksOf(hello).map((block) => [fileOf(block), block.body]));
  const change = (file: string, part: string, instead: string): void =>
    void files.set(file, replaceOnce(files.get(file) ?? "", part, instead));
  for (const [said, file, line, made] of IMPORTS) {
    expect(tasks.replaceAll("\n", " ")).toContain(said);
    change(file, line, made);
  }
  for (const block of blocksOf(tasks)) {
    const [, instead] = INSTEAD.find(([said]) => block.label.includes(said)) ?? [];
    const file = fileOf(block);
    const place = PLACES[file] ?? "";
    const before = files.get(file) ?? "";
    if (instead === undefined)
      files.set(
        file,
        `${before.slice(0, before.lastIndexOf(`\n${place}`) + 1)}${block.body}${before.slice(before.lastIndexOf(`\n${place}`) + 1)}`,
      );
    else change(file, instead, block.body);
  }
  using project = new Project();
  for (const [file, text] of files) project.write(file, text);
  expect(await project.run(COMPILE)).toEqual({ exitCode: 0, output: "" });
  const output = shownBy("readme", "node host.js");
  const ran = await project.run(`node "${project.dir}/host.js"`, { cwd: tmpdir() });
  // A handler that fails is told of on stderr as well, with lines of this package.
  expect({ ...ran, output: ran.output.replace(/^\[.*plugin\.js\] .*\n?/gm, "") }).toEqual({ exitCode: 0, output });
});
