import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll } from "vitest";
import { conformance } from "../../kit/conformance.js";
import { gate } from "../../kit/gate.js";
import { buildGoPlugin, lacks } from "../../kit/languages.js";
import { GREETER } from "./subjects.js";

gate();

let goPlugin = "";
const noGo = lacks("go");
beforeAll(() => {
  if (noGo === undefined) goPlugin = buildGoPlugin(mkdtempSync(join(tmpdir(), "go-")));
}, 300_000);

conformance("the Go plugin", { ...GREETER, command: () => [goPlugin], skip: noGo });
