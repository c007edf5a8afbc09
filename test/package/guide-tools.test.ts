import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { commandsOf, Project, sectionOf } from "../kit/project.js";
import { findTool } from "./tools.js";

gate();
const GUIDE = "docs/guide/tools.md";
const HELLO = ["greeter.ts", "plugin.ts", "host.ts"] as const;
/** What the build makes of them. */
const COMPILED = ["greeter.js", "plugin.js"] as const;
const esbuild = findTool("esbuild", ["esbuild/bin/esbuild"]);
const tsx = findTool("tsx", ["tsx/dist/cli.mjs"]);
const jest = findTool("Jest", ["jest/bin/jest.js"]);
const greets = { exitCode: 0, output: "Hello, world!\n" };
const SLOW = { timeout: 120_000 };

test("a host and a plugin in CommonJS take the package with require()", async () => {
  using project = new Project("commonjs");
  project.copy("commonjs-host.cjs", "commonjs-plugin.cjs");
  expect(await project.run(`"${process.execPath}" "${project.dir}/commonjs-host.cjs"`, { cwd: tmpdir() })).toEqual(greets);
});

test("TypeScript compiles programs to CommonJS with module nodenext", SLOW, async () => {
  using project = new Project("commonjs");
  project.copy("greeter.ts");
  project.write(
    "host.ts",
    `import { join } from "node:path";
    import { NewClient } from "mortise";
    import { greeter } from "./greeter.js";
    async function main() {
      await using client = NewClient({ command: join(__dirname, "plugin.js") });
      console.log(await (await client.dispense(greeter)).greet({ name: "world" }));
    }
    main();`,
  );
  project.write(
    "plugin.ts",
    `import { implement, serve } from "mortise/plugin";
    import { greeter } from "./greeter.js";
    serve({ provides: [implement(greeter, { greet: ({ name }) => \`Hello, \${name}!\` })] });`,
  );
  expect(await project.run("npx tsc --module nodenext --target es2022 --types node *.ts")).toEqual({ exitCode: 0, output: "" });
  expect(await project.run("node host.js")).toEqual(greets);
  expect((await project.run("npx tsc --noEmit --module node18 --target es2022 --types node *.ts")).output).toContain("TS1479");
});

test.skipIf(esbuild.lack !== undefined)("esbuild's bundles of a host and a plugin work from anywhere, as modules", SLOW, async () => {
  using project = new Project();
  project.copy(...HELLO);
  const [bundle = ""] = commandsOf(sectionOf(GUIDE, "## Bundlers"));
  expect(await project.run(bundle)).toMatchObject({ exitCode: 0 });
  expect(await project.run(`node "${project.dir}/bundled/host.js"`, { cwd: tmpdir() })).toEqual(greets);
});

test.skipIf(esbuild.lack !== undefined)("esbuild's modules have WebSocket and discover", SLOW, async () => {
  using project = new Project();
  project.copy(...HELLO, "transports.ts", "text.ts", "discover.ts", "discovered/upper.ts", "discovered/lower.ts");
  const programs = "host.ts plugin.ts transports.ts discover.ts discovered/*.ts";
  const bundle = commandsOf(sectionOf(GUIDE, "## Bundlers"))[0]?.replace("host.ts plugin.ts", programs) ?? "";
  expect(await project.run(bundle)).toMatchObject({ exitCode: 0 });
  expect((await project.run("node bundled/transports.js")).output).toContain("websocket tcp Hello, world!\n");
  expect(await project.run("node bundled/discover.js")).toEqual({ exitCode: 0, output: "lower.js mortise\nupper.js MORTISE\n" });
});

test.skipIf(esbuild.lack !== undefined)("esbuild's bundles in CommonJS work", SLOW, async () => {
  using project = new Project("commonjs");
  project.copy("commonjs-host.cjs", "commonjs-plugin.cjs");
  const flags = "--bundle --platform=node --format=cjs --target=node20 --out-extension:.js=.cjs --outdir=bundled";
  expect(await project.run(`npx esbuild commonjs-host.cjs commonjs-plugin.cjs ${flags}`)).toMatchObject({ exitCode: 0 });
  expect(await project.run("node bundled/commonjs-host.cjs")).toEqual(greets);
});

test.skipIf(tsx.lack !== undefined)("a host under tsx starts its plugin under tsx, from anywhere", SLOW, async () => {
  using project = new Project();
  project.copy(...HELLO, "tsx-host.ts");
  expect(await project.run("npx tsx tsx-host.ts")).toEqual(greets);
  expect(await project.run(`tsx "${project.dir}/tsx-host.ts"`, { cwd: tmpdir() })).toEqual(greets);
});

test.skipIf(!(process.features as { typescript?: unknown }).typescript)(
  "Node.js runs a host and a plugin in TypeScript by itself",
  async () => {
    using project = new Project();
    project.write(
      "greeter.ts",
      `import { defineContract, method } from "mortise/contract";
    export const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });`,
    );
    project.write(
      "plugin.ts",
      `import { implement, serve } from "mortise/plugin";
    import { greeter } from "./greeter.ts";
    await serve({ provides: [implement(greeter, { greet: ({ name }) => \`Hello, \${name}!\` })] });`,
    );
    project.write(
      "host.ts",
      `    import { NewClient } from "mortise";
    import { greeter } from "./greeter.ts";
    const client = NewClient({ command: new URL("./plugin.ts", import.meta.url) });
    console.log(await (await client.dispense(greeter)).greet({ name: "world" }));
    await client.kill();`,
    );
    expect((await project.run(`"${process.execPath}" host.ts`)).output).toContain("Hello, world!\n");
  },
);

test("Vitest runs the test of the guide", SLOW, async () => {
  using project = new Project();
  project.copy(...COMPILED, "greeter.test.ts");
  const { exitCode, output } = await project.run("npx vitest run greeter.test.ts");
  expect(output).toMatch(/Tests +2 passed/);
  expect(exitCode).toBe(0);
});

test.skipIf(jest.lack !== undefined)("Jest runs the test of the guide, and one in CommonJS", SLOW, async () => {
  using project = new Project();
  project.copy(...COMPILED, "greeter.test.mjs");
  project.write(
    "greeter.test.cjs",
    `test("the package is imported", async () => {
      const { connectInMemory } = await import("mortise/testing");
      await (await connectInMemory({ provides: [] })).close();
    });`,
  );
  const [line = ""] = commandsOf(sectionOf(GUIDE, "## Jest and Vitest"));
  const { exitCode, output } = await project.run(`${line} greeter.test.cjs`);
  expect(output).toContain("Tests:       3 passed, 3 total");
  expect(exitCode).toBe(0);
});

test.skipIf(jest.lack !== undefined)("Jest's fake timers change nothing: a plugin starts, and a deadline comes", SLOW, async () => {
  using project = new Project();
  project.copy("greeter.js", "plugin.js", "jobs.js", "jobs-plugin.js");
  project.write(
    "fake.test.mjs",
    `import { jest } from "@jest/globals";
    import { fileURLToPath } from "node:url";
    import { NewClient } from "mortise";
    import { greeter } from "./greeter.js";
    import { jobs } from "./jobs.js";
    const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
    test("greets and gives up", async () => {
      jest.useFakeTimers();
      const clients = ["./plugin.js", "./jobs-plugin.js"].map((name) => NewClient({ command: pathOf(name) }));
      const { greet } = await clients[0].dispense(greeter);
      expect(await greet({ name: "test" })).toBe("Hello, test!");
      const { wait } = await clients[1].dispense(jobs);
      await expect(wait({ ms: 60_000 }, { timeoutMs: 50 })).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
      for (const client of clients) await client.kill();
    }, 60_000);`,
  );
  const { output } = await project.run(`node --experimental-vm-modules "${jest.file}" --transform '{}'`);
  expect(output).toContain("Tests:       1 passed, 1 total");
});
