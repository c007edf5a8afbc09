import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A project of a user's that has the package, as it is packed, among its modules. */
export interface PackedProject extends Disposable {
  readonly dir: string;
}

/**
 * Makes one in the temporary directory. The build of this checkout is packed as it is: others read it meanwhile. Of the packages
 * that it depends on there are links; that npm installs them as well is another test's.
 * @param modules More packages of this checkout that the project has.
 */
export function packedProject(modules: readonly string[] = []): PackedProject {
  const dir = mkdtempSync(join(tmpdir(), "project-"));
  const pack = ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", dir];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" })) as [{ filename: string }];
  const target = join(dir, "node_modules/mortise");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", join(dir, filename), "--strip-components=1", "-C", target]);
  const { dependencies } = JSON.parse(readFileSync(join(target, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), ...modules]) {
    const link = join(dir, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
  writeFileSync(join(dir, "package.json"), '{ "type": "module", "private": true }\n');
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}
