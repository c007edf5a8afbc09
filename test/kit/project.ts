import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Where packages of ours are, and those of `npm run tools`. */
const MODULES = ["node_modules", "scripts/tools/node_modules"].map((path) => join(ROOT, path));
/** What runs tests tells its own processes, and what those of a test must not be told. */
const OURS = /^(VITEST|NODE_OPTIONS$|NODE_ENV$|TEST$|FORCE_COLOR$)/;

/** A user's directory: some files, this package as it is built, and development tools of ours. */
export class Project implements Disposable {
  readonly dir: string = mkdtempSync(join(tmpdir(), "project-"));

  constructor(type: "module" | "commonjs" = "module") {
    this.write("package.json", JSON.stringify({ private: true, type }));
    this.#link("mortise", ROOT);
    for (const name of ["@types", "tsx", "vitest", "zod"]) {
      const found = MODULES.map((path) => join(path, name)).find((path) => existsSync(path));
      if (found !== undefined) this.#link(name, found);
    }
  }

  #link(name: string, target: string): void {
    mkdirSync(join(this.dir, "node_modules"), { recursive: true });
    symlinkSync(target, join(this.dir, "node_modules", name));
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), content);
  }

  /** Copies files of examples/docs. */
  copy(...names: readonly string[]): void {
    for (const name of names) this.write(name, readFileSync(join(ROOT, "examples/docs", name), "utf8"));
  }

  /** Runs a command line as a person would, in the project or elsewhere. */
  async run(line: string, { cwd = this.dir }: { readonly cwd?: string } = {}): Promise<{ exitCode: unknown; output: string }> {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
    // Tools keep what they have compiled in the temp directory. And npx would take a second to find what is here.
    const programs = MODULES.map((path) => join(path, ".bin"));
    const theirs = { TMPDIR: join(this.dir, "tmp"), PATH: [...programs, process.env["PATH"]].join(":"), NO_COLOR: "1" };
    mkdirSync(theirs.TMPDIR, { recursive: true });
    const env = { ...own, ...theirs };
    const child = spawn("bash", ["-c", line.replace(/\bnpx /g, "")], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { exitCode, output: stdout + stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }
}

/** What a document shows under a heading. */
export function sectionOf(document: string, heading: string): string {
  const text = readFileSync(join(ROOT, document), "utf8");
  const section = text.split(/^(?=#{1,3} )/m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${document} has no heading "${heading}"`);
  return section;
}

/** The command lines of its sh blocks. */
export function commandsOf(section: string): readonly string[] {
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, body = ""]) => body.trimEnd().split("\n"));
}
