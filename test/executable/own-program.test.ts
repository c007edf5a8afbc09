import { expect, test } from "vitest";
import { type Own, ownProgram, type Runtimes } from "../../src/executable/own-program.js";

const NODE: Own = { versions: { node: "24.0.0" }, env: {} };
const electron = (more: Partial<Own> = {}): Own => ({ ...NODE, versions: { ...NODE.versions, electron: "40.0.0" }, ...more });
const RUN_AS_NODE = { ELECTRON_RUN_AS_NODE: "1" };

test("[F23] this process is a plain Node.js", () => {
  expect(ownProgram()).toEqual({ what: undefined, env: {} });
});

test.each<[what: string, own: Own, globals?: Runtimes]>([
  ["an application of NW.js", { ...NODE, versions: { nw: "0.90.0" } }],
  ["an executable made by pkg", { ...NODE, pkg: { entrypoint: "/snapshot/app.js" } }],
  ["an executable made by nexe", { ...NODE, __nexe: {} }],
  ["an executable made by deno compile", NODE, { Deno: { build: { standalone: true } } }],
  ["a single executable", { ...NODE, getBuiltinModule: (id) => (id === "node:sea" ? { isSea: () => true } : undefined) }],
])("[F23] %s runs no scripts but its own", (what, own, globals = {}) => {
  expect(ownProgram(own, globals)).toEqual({ what, env: undefined });
});

test.each<[why: string, own: Own, globals?: Runtimes]>([
  ["Bun", NODE, { Bun: { main: "/home/me/host.ts" } }],
  ["Deno", NODE, { Deno: { build: { standalone: false } } }],
  ["a Node.js without node:sea", { ...NODE, getBuiltinModule: () => undefined }],
  ["a Node.js before getBuiltinModule()", NODE],
])("[F23] %s runs scripts as it is", (_, own, globals = {}) => {
  expect(ownProgram(own, globals)).toEqual({ what: undefined, env: {} });
});

test.each(["/$bunfs/root/host", "B:/~BUN/root/host.exe", "B:\\~BUN\\root\\host.exe"])(
  "[F23] an executable made by bun build runs scripts where it is told to be Bun: %s",
  (main) => {
    expect(ownProgram(NODE, { Bun: { main } })).toEqual({ what: "an executable made by bun build", env: { BUN_BE_BUN: "1" } });
  },
);

test.each([undefined, "browser", "utility", "renderer"])(
  "[F23] Electron runs scripts where it is told to be Node.js, from process %s",
  (type) => {
    expect(ownProgram(electron({ type }), {}).env).toEqual(RUN_AS_NODE);
  },
);

test("[F23] Electron that runs as Node.js already has it said to its plugins, too", () => {
  expect(ownProgram(electron({ env: RUN_AS_NODE }), {}).env).toEqual(RUN_AS_NODE);
});

test("[F23] a main process of Electron that was told to be Node.js, and is not, cannot be: its fuse is off", () => {
  const own = ownProgram(electron({ type: "browser", env: RUN_AS_NODE }), {});
  expect(own).toEqual({ what: "an application of Electron", env: undefined });
});
