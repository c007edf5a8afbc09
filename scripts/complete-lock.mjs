// npm leaves optional packages of other platforms out of the lock that it writes where it cannot see them, and `npm ci` misses
// them then. Adds each one that a locked package names: version, os and cpu, which its name says. Run it after any `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const OS = { android: "android", darwin: "darwin", freebsd: "freebsd", linux: "linux", openharmony: "openharmony", win32: "win32" };
const CPU = {
  arm64: "arm64",
  arm: "arm",
  x64: "x64",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  loong64: "loong64",
};

const file = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const before = Object.keys(lock.packages).length;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = `${path}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;
    if (!known && /^\d/.test(version)) lock.packages[`node_modules/${name}`] = describe(name, version, entry.dev === true);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${file}: added ${Object.keys(lock.packages).length - before} packages`);

function describe(name, version, dev) {
  const words = name.split(/[-/]/);
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.map((word) => CPU[word]).find(Boolean);
  if (os === undefined || cpu === undefined) throw new Error(`Cannot tell the platform of ${name}: add it to ${file} by hand`);
  return { version, cpu: [cpu], ...(dev && { dev }), optional: true, os: [os] };
}
