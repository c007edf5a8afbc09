import { describe, expect, test } from "vitest";
import { cacheDirectory } from "../../src/serve/compile-cache.js";

const home = (): string => "/home/system";
const on = (platform: NodeJS.Platform, env: Record<string, string>): string | undefined => cacheDirectory({ env, platform, home });

describe("the directory of the compile cache", () => {
  test("is the user's own directory for caches, by the platform's custom", () => {
    expect(on("linux", { HOME: "/home/me" })).toBe("/home/me/.cache/mortise");
    expect(on("darwin", { HOME: "/Users/me" })).toBe("/Users/me/Library/Caches/mortise");
    expect(on("linux", { HOME: "/home/me", XDG_CACHE_HOME: "/var/me" })).toBe("/var/me/mortise");
    expect(on("win32", { LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local", HOME: "/home/me" })).toBe("C:\\Users\\me\\AppData\\Local\\mortise");
  });

  test("is that of the user whom the system lists where the environment names none, and nowhere if it lists none", () => {
    expect(on("linux", {})).toBe("/home/system/.cache/mortise");
    expect(on("linux", { HOME: "" })).toBe("/home/system/.cache/mortise");
    const unlisted = (): string => {
      throw new Error("no such user");
    };
    expect(cacheDirectory({ env: {}, platform: "linux", home: unlisted })).toBeUndefined();
    expect(on("win32", {})).toBeUndefined();
  });

  test("is where MORTISE_COMPILE_CACHE says, and relative paths are not taken", () => {
    expect(on("linux", { MORTISE_COMPILE_CACHE: "/opt/kept", HOME: "/home/me" })).toBe("/opt/kept");
    expect(on("linux", { MORTISE_COMPILE_CACHE: "kept", XDG_CACHE_HOME: "cache", HOME: "/home/me" })).toBe("/home/me/.cache/mortise");
    expect(on("linux", { HOME: "home" })).toBeUndefined();
  });

  test.each([{ MORTISE_COMPILE_CACHE: "0" }, { NODE_DISABLE_COMPILE_CACHE: "1" }, { NODE_V8_COVERAGE: "/tmp/coverage" }])(
    "is nowhere with %o",
    (env) => {
      expect(on("linux", { HOME: "/home/me", ...env })).toBeUndefined();
    },
  );
});
