import { expect, test } from "vitest";
import { lastLine, Tail } from "../../src/output/tail.js";

test("lastLine() of a crashed Node.js program is its error, not the version below it", () => {
  const esm = `node:internal/modules/esm/resolve:873
  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);
        ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /x/kv.mjs
    at packageResolve (node:internal/modules/esm/resolve:873:9) {
  code: 'ERR_MODULE_NOT_FOUND'
}

Node.js v20.20.2
`;
  expect(lastLine(esm)).toBe("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /x/kv.mjs");
  const cjs = `node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module 'zod'
Require stack:
- /x/kv.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/x/kv.js' ]
}

Node.js v20.20.2
`;
  expect(lastLine(cjs)).toBe("Error: Cannot find module 'zod'");
});

test("lastLine() passes over what belongs to a line above it", () => {
  expect(
    lastLine("Traceback (most recent call last):\n  File \"x.py\", line 1\n    import zod\nModuleNotFoundError: No module named 'zod'\n"),
  ).toBe("ModuleNotFoundError: No module named 'zod'");
  expect(lastLine("This is a plugin of another program\n  Give both programs the same handshake\n")).toBe(
    "This is a plugin of another program",
  );
  expect(lastLine("TypeError: not the last\nbye\r\n\n  \n")).toBe("bye");
  expect(lastLine("  only indented\n")).toBe("only indented");
  expect(lastLine("\n\n")).toBe(undefined);
  expect(lastLine("")).toBe(undefined);
});

test("a Tail keeps the last 8 KiB of what it was given, in however many pieces", () => {
  const tail = new Tail();
  for (let index = 0; index < 10_000; index++) tail.push(Buffer.from(`${index} `));
  expect(tail.toString()).toHaveLength(8_192);
  expect(tail.toString().endsWith("9998 9999 ")).toBe(true);
});

test("lastLine() of a panic is the line that names it, in Go and in Rust", () => {
  const go = "starting\npanic: disk is full\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/kv.go:3 +0x1d\nexit status 2\n";
  expect(lastLine(go)).toBe("panic: disk is full");
  const note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
  expect(lastLine(`\nthread 'main' (7) panicked at src/main.rs:2:5:\ndisk is full\n${note}`)).toBe(
    "thread 'main' (7) panicked at src/main.rs:2:5: disk is full",
  );
  expect(lastLine(`thread 'main' panicked at 'disk is full', src/main.rs:2:5\n${note}`)).toBe(
    "thread 'main' panicked at 'disk is full', src/main.rs:2:5",
  );
  expect(lastLine("panic: at the disco\nbye\n")).toBe("bye");
});
