import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync("npm", [...args, "--no-fund", "--no-audit", "--prefer-offline", "--loglevel=error"], { cwd, encoding: "utf8" });

test("the packed package, installed into an empty project, runs the hello world", { timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), "install-"));
  try {
    // The build of this checkout is packed as it is: others read it meanwhile.
    const [packed] = JSON.parse(npm(ROOT, "pack", "--json", "--ignore-scripts", "--pack-destination", dir)) as [
      { filename: string; size: number; files: { path: string }[] },
    ];
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !/^(dist|docs)\/|^(package\.json|LICENSE|(README|CHANGELOG|SECURITY)\.md)$/.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(["dist/plugin.js", "docs/protocol.md", "SECURITY.md", "CHANGELOG.md"]));
    expect(packed.size).toBeLessThan(650_000);
    writeFileSync(join(dir, "package.json"), '{ "type": "module", "private": true }');
    npm(dir, "install", join(dir, packed.filename));
    // What every user downloads; raise it only for what is worth it to all of them.
    const installed = Object.keys((JSON.parse(readFileSync(join(dir, "node_modules/.package-lock.json"), "utf8")) as Lock).packages);
    expect(installed.length).toBeLessThanOrEqual(35);
    for (const file of ["greeter.js", "plugin.js", "host.js"]) cpSync(join(ROOT, "examples/plugins/greeter", file), join(dir, file));
    expect(execFileSync(process.execPath, ["host.js"], { cwd: dir, encoding: "utf8" })).toBe("Hello, world!\n");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string }>
  >;
}

test("the lock holds the optional packages of every platform, and no registry's address", () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test("the licence of each package that the build joins in goes with it", () => {
  const dist = join(ROOT, "dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  // The build says above each part which file it is of.
  const sources = files.flatMap((file) => readFileSync(join(dist, file), "utf8").match(/^\/\/ .*node_modules\/.*$/gm) ?? []);
  const names = sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
  const licences = readFileSync(join(dist, "LICENSES.txt"), "utf8").split(`\n${"-".repeat(80)}\n\n`);
  const headings = licences.map((text) => /^(\S+) \d+\.\d+\.\d+\n\n/.exec(text)?.[1]);
  // Of a package that is one file in CommonJS no file is named.
  expect(names.filter((name) => !headings.includes(name))).toEqual([]);
  expect(headings).toEqual(expect.arrayContaining(["fast-glob", "json-rpc-2.0", "micromatch", "tree-kill", "ws"]));
  expect(licences.filter((text) => !/copyright/i.test(text))).toEqual([]);
});

test("the README's links lead somewhere on npm's page too, which takes them as paths in the repository", () => {
  const { repository } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { repository: { type: string; url: string } };
  expect(repository.type).toBe("git");
  expect(repository.url).toMatch(/^git\+https:\/\/github\.com\/[\w-]+\/[\w-]+\.git$/);
  const links = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const paths = links.filter((target) => !/^(https:|#)/.test(target)).map((target) => target.replace(/#.*$/, ""));
  expect(paths).toContain("SECURITY.md");
  expect(paths.filter((path) => path.startsWith("/") || !existsSync(join(ROOT, path)))).toEqual([]);
});

test("users run no install script", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
});
