import { readdirSync, readFileSync } from "node:fs";

/** The licences of the packages that modules are of, each package's once. @throws {Error} For a package without one. */
export function licencesOf(modules) {
  const directories = [...modules].map((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(id)?.[0]);
  if (directories.every((directory) => directory === undefined)) throw new Error("Cannot build: no package was found that is joined in");
  const texts = [...new Set(directories)].filter(Boolean).map((directory) => {
    const { name, version } = JSON.parse(readFileSync(`${directory}/package.json`, "utf8"));
    const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    if (file === undefined) throw new Error(`Cannot join "${name}" into the package: it has no licence to go with it`);
    return `${name} ${version}\n\n${readFileSync(`${directory}/${file}`, "utf8").trim()}\n`;
  });
  return texts.sort().join(`\n${"-".repeat(80)}\n\n`);
}
