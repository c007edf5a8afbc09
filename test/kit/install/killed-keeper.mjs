import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const KEEPER = fileURLToPath(new URL("../../fixtures/hosts/keeps.mjs", import.meta.url));

/** Kills programs that keep things at random points, and holds what is kept against what was acknowledged. */
export class KilledKeeper {
  #Host;
  #dataDir;
  #packages;
  /** Each name as it was last acknowledged. */
  #acknowledged = { version: null, wish: undefined, token: null };
  steps = 0;

  constructor(Host, dataDir, packages) {
    this.#Host = Host;
    this.#dataDir = dataDir;
    this.#packages = packages;
  }

  async kill(seed, afterLines, afterMs) {
    const child = spawn(process.execPath, [KEEPER, this.#dataDir, ...this.#packages, String(seed)], { stdio: ["ignore", "pipe", "pipe"] });
    const underway = await this.#follow(child, afterLines, afterMs);
    const host = new this.#Host({ dataDir: this.#dataDir });
    try {
      await host.ready();
      this.#look(underway);
    } finally {
      await host.close();
    }
  }

  /** What was begun and not acknowledged. */
  async #follow(child, afterLines, afterMs) {
    let underway = {};
    let count = 0;
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const closed = once(child, "close");
    for await (const text of createInterface(child.stdout)) {
      const { begin, end } = JSON.parse(text);
      if (begin !== undefined) underway = begin;
      if (end !== undefined) {
        Object.assign(this.#acknowledged, end);
        underway = {};
        this.steps++;
      }
      if (++count === afterLines) setTimeout(() => child.kill("SIGKILL"), afterMs);
    }
    await closed;
    assert.equal(child.signalCode, "SIGKILL", `it ended by itself: ${errors}`);
    return underway;
  }

  #look(underway) {
    const { package: stored, settings } = this.#record("sample");
    const version = stored?.versions.find(({ directory }) => directory === stored.current).manifest.version ?? null;
    this.#check("version", version, underway);
    if (version !== null) {
      this.#check("n", settings.n, underway);
      for (const { directory, manifest } of stored.versions) {
        const path = join(this.#dataDir, "plugins/sample/versions", directory);
        const source = this.#packages[manifest.version === "1.0.0" ? 0 : 1];
        assert.equal(readFileSync(join(path, "files/main.mjs"), "utf8"), readFileSync(join(source, "main.mjs"), "utf8"));
        assert.ok(existsSync(join(path, "package.zip")));
      }
      assert.equal(readdirSync(join(this.#dataDir, "plugins/sample/versions")).length, stored.versions.length);
    }
    const { wish, tokens } = this.#record("own");
    this.#check("wish", wish, underway);
    const digest = tokens?.[0]?.sha256 ?? null;
    // What it would have been, nobody was told.
    this.#check("token", digest, underway.token === "any" ? { token: digest } : underway);
    assert.deepEqual(readdirSync(join(this.#dataDir, "staging")), []);
    assert.deepEqual(readdirSync(join(this.#dataDir, "trash")), []);
  }

  #record(id) {
    const path = join(this.#dataDir, "plugins", id, "record.json");
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")).record;
    assert.ok(!existsSync(join(this.#dataDir, "plugins", id)), `of "${id}" something is there without its record`);
    return {};
  }

  /** It is as it was acknowledged, or, whole, as what was under way would have it. */
  #check(name, found, underway) {
    const allowed = [this.#acknowledged[name], ...(name in underway ? [underway[name]] : [])];
    const what = `${name} is ${found}; acknowledged was ${JSON.stringify(this.#acknowledged)}, under way ${JSON.stringify(underway)}`;
    assert.ok(allowed.includes(found), what);
    this.#acknowledged[name] = found;
  }
}
