// Copies blocks of the documents from files that run, so that what people read is what was tested.
//
//   node scripts/docs-sync.mjs           rewrites the blocks
//   node scripts/docs-sync.mjs --check   lists those that differ, and fails
//
// Such a block names a file after its language, and perhaps a region of it: ```ts examples/docs/cancel.ts#call
// In the file the region lies between comments with "#region call" and "#endregion call", which are not copied.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const ROOT = new URL("../", import.meta.url);
const EDGE = /^\s*(\/\/|#) #(end)?region [\w-]+$/;

/** The documents, by path from the repository's root. */
function documents() {
  const top = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(new URL("docs/", ROOT), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  return [...top, ...docs.map((name) => `docs/${name}`)];
}

/** A document with every block as its source has it, and the sources whose blocks differed. */
function syncDocument(text, readSource) {
  const drifted = [];
  const synced = text.replace(/^(```\w+ (\S+\/[^\s#]+)(?:#([\w-]+))?\n)([\s\S]*?)^```$/gm, (block, fence, path, region, body) => {
    const lines = readSource(path).split("\n");
    const wanted = (region === undefined ? lines : cutRegion(lines, region, path)).filter((line) => !EDGE.test(line)).join("\n");
    if (wanted !== body) drifted.push(region === undefined ? path : `${path}#${region}`);
    return wanted === body ? block : `${fence}${wanted}\`\`\``;
  });
  return { synced, drifted };
}

/** The lines of a region, moved left as far as they go, and the end of the last one. */
function cutRegion(lines, region, path) {
  const edge = (word) => lines.findIndex((line) => new RegExp(`^\\s*(//|#) #${word} ${region}$`).test(line));
  const [first, last] = [edge("region"), edge("endregion")];
  if (first < 0 || last < first) throw new Error(`Cannot find region "${region}" in "${path}"`);
  const body = lines.slice(first + 1, last);
  const indent = Math.min(...body.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return [...body.map((line) => line.slice(indent)), ""];
}

function main(check) {
  let count = 0;
  for (const path of documents()) {
    const url = new URL(path, ROOT);
    const { synced, drifted } = syncDocument(readFileSync(url, "utf8"), (source) => readFileSync(new URL(source, ROOT), "utf8"));
    count += drifted.length;
    for (const source of drifted) console.log(`${path}: ${source}${check ? " differs" : " copied"}`);
    if (!check && drifted.length > 0) writeFileSync(url, synced);
  }
  if (!check || count === 0) return;
  console.error(`${count} block${count === 1 ? " differs" : "s differ"} from the source\n  Run: npm run docs:sync`);
  process.exitCode = 1;
}

main(process.argv.includes("--check"));
