import { describe, expect, test } from "vitest";
import { isPluginError } from "../../../src/errors.js";
import { CRASH, type FakeStart, POLICY, settle, supervise } from "./supervisor-kit.js";

/** Starts it, and lets the start succeed. */
async function running(policy: Parameters<typeof supervise>[0] = POLICY) {
  const it = supervise(policy);
  const active = it.supervisor.activate();
  it.last().succeed();
  await active;
  return it;
}

/** Lets the unit that runs crash, and the clock go on to the next start, which succeeds. */
async function crashAndRecover(it: Awaited<ReturnType<typeof running>>, delayMs: number): Promise<void> {
  it.last().unit.end();
  await settle();
  it.clock.advance(delayMs);
  it.last().succeed();
  await settle();
}

describe("restarts", () => {
  test("[S17, F1] a plugin that crashed is started anew after the first delay, and the error names its end", async () => {
    const it = await running();
    it.last().unit.end();
    await settle();
    expect(it.supervisor.state).toBe("restarting");
    expect(it.supervisor.error?.message).toBe('Lost plugin "p" exited with code 1');
    it.clock.advance(249);
    expect(it.starts).toHaveLength(1);
    it.clock.advance(1);
    expect(it.starts).toHaveLength(2);
    it.last().succeed();
    await settle();
    expect(it.states()).toEqual(["starting", "active", "restarting", "starting", "active"]);
    expect(it.supervisor.restarts).toBe(1);
  });

  test("[S25, F2] exit code 0 that was not asked for is restarted and counted", async () => {
    const it = await running();
    it.last().unit.end({ ...CRASH, exitCode: 0 } as typeof CRASH);
    await settle();
    expect(it.changes.at(-1)).toMatchObject({ to: "restarting", attempt: 1, delayMs: 250 });
  });

  test("[S25] with on: failure a plugin that ended in order stays ended, until it is asked for again", async () => {
    const it = await running({ ...POLICY, on: "failure" });
    it.last().unit.end({ ...CRASH, exitCode: 0 } as typeof CRASH);
    await settle();
    expect(it.supervisor.state).toBe("inactive");
    void it.supervisor.activate();
    expect(it.supervisor.state).toBe("starting");
  });

  test("[S22] initialMs 1000, factor 2, jitter 0, maxAttempts 3: restarted after 1, 2 and 4 s, and the fourth failure is errored", async () => {
    const it = await running({ ...POLICY, initialMs: 1_000, maxAttempts: 3 });
    for (const delayMs of [1_000, 2_000, 4_000]) {
      it.last().unit.end();
      await settle();
      expect(it.changes.at(-1)).toMatchObject({ to: "restarting", delayMs });
      it.clock.advance(delayMs);
      it.last().succeed();
      await settle();
    }
    it.last().unit.end();
    await settle();
    expect(it.supervisor.state).toBe("errored");
    expect(it.clock.timers).toBe(0);
  });

  test("[F4, P4] five crashes in a row are restarted, after the sixth nothing is spawned any more; asked for by a user, it counts anew", async () => {
    const it = await running();
    for (const delayMs of [250, 500, 1_000, 2_000, 4_000]) await crashAndRecover(it, delayMs);
    it.last().unit.end();
    await settle();
    expect(it.supervisor.state).toBe("errored");
    it.clock.advance(600_000);
    expect(it.starts).toHaveLength(6);
    void it.supervisor.activate();
    it.last().succeed();
    await settle();
    await crashAndRecover(it, 250);
    expect(it.supervisor.state).toBe("active");
  });

  test("[F5, S23] who crashes once in 50 s is always restarted, after the first delay", async () => {
    const it = await running();
    for (let crash = 0; crash < 50; crash++) {
      it.clock.advance(50_000);
      await crashAndRecover(it, 250);
      expect(it.supervisor.state).toBe("active");
    }
  });

  test("once errored, it is tried again every thenEveryMs", async () => {
    const it = await running({ ...POLICY, maxAttempts: 0, thenEveryMs: 60_000 });
    it.last().unit.end();
    await settle();
    expect(it.supervisor.state).toBe("errored");
    it.clock.advance(60_000);
    it.last().succeed();
    await settle();
    expect(it.supervisor.state).toBe("active");
  });

  test("without a policy a crash is errored at once", async () => {
    const it = await running(false);
    it.last().unit.end();
    await settle();
    expect(it.states()).toEqual(["starting", "active", "errored"]);
  });
});

describe("starts that fail", () => {
  test.each(["missing", "permission", "format", "checksum", "version", "options", "untrusted", "declined"])(
    "[P4] a start that fails for %s is never tried again",
    async (reason) => {
      const it = supervise();
      const active = it.supervisor.activate();
      it.last().fail(reason);
      await expect(active).rejects.toSatisfy((error) => isPluginError(error, "START_FAILED"));
      expect(it.supervisor.state).toBe("errored");
      it.clock.advance(1_000_000);
      expect(it.starts).toHaveLength(1);
    },
  );

  test.each(["exited", "silent", "unreachable"])(
    "[S37] a start that fails as %s is tried again, and the activation waits for it",
    async (reason) => {
      const it = supervise();
      const active = it.supervisor.activate();
      it.last().fail(reason);
      await settle();
      it.clock.advance(250);
      it.last().succeed();
      await active;
      expect(it.states()).toEqual(["starting", "restarting", "starting", "active"]);
    },
  );

  test("[F24] where the system has no room for a process, that is tried again and does not count", async () => {
    const it = supervise({ ...POLICY, maxAttempts: 1 });
    const active = it.supervisor.activate();
    for (const delayMs of [250, 500, 1_000, 2_000]) {
      it.last().fail("resources");
      await settle();
      it.clock.advance(delayMs);
    }
    it.last().succeed();
    await active;
    expect(it.starts).toHaveLength(5);
  });

  test("[W6] who declines and says when to ask again is asked again then", async () => {
    const it = supervise();
    const active = it.supervisor.activate();
    it.last().fail("declined", 7_000);
    await settle();
    expect(it.changes.at(-1)).toMatchObject({ to: "restarting", delayMs: 7_000 });
    it.clock.advance(7_000);
    it.last().succeed();
    await active;
  });

  test("[S37] the activation rejects once the restarts are used up", async () => {
    const it = supervise({ ...POLICY, maxAttempts: 1 });
    const active = it.supervisor.activate();
    it.last().fail("exited");
    await settle();
    it.clock.advance(250);
    it.last().fail("exited");
    await expect(active).rejects.toThrow("Cannot start: exited");
    expect(it.supervisor.state).toBe("errored");
  });
});

describe("[F30] what was asked for last holds", () => {
  test("a stop during a start aborts it, and the start's caller is told", async () => {
    const it = supervise();
    const active = it.supervisor.activate();
    const inactive = it.supervisor.deactivate();
    expect(it.last().signal.aborted).toBe(true);
    await expect(active).rejects.toSatisfy((error) => isPluginError(error, "CANCELLED"));
    expect(it.supervisor.state).toBe("stopping");
    it.last().fail("options");
    await inactive;
    expect(it.supervisor.state).toBe("inactive");
  });

  test("a start that comes to something after it was aborted is ended before the stop resolves", async () => {
    const it = supervise();
    void it.supervisor.activate().catch(() => {});
    let stopped = false;
    const inactive = it.supervisor.deactivate().then(() => {
      stopped = true;
    });
    const start: FakeStart = it.last();
    start.succeed();
    await settle();
    expect([start.unit.stopping, stopped]).toEqual([true, false]);
    start.unit.end();
    await inactive;
  });

  test("a start during a stop begins once the old one is gone", async () => {
    const it = await running();
    const inactive = it.supervisor.deactivate();
    const active = it.supervisor.activate();
    expect(it.starts).toHaveLength(1);
    it.last().unit.end();
    await inactive;
    expect(it.starts).toHaveLength(2);
    it.last().succeed();
    await active;
  });

  test("a stop while it waits to restart calls the restart off", async () => {
    const it = await running();
    it.last().unit.end();
    await settle();
    await it.supervisor.deactivate();
    expect([it.supervisor.state, it.clock.timers]).toEqual(["inactive", 0]);
  });

  test("[F31] an end during our own stop is no crash", async () => {
    const it = await running();
    const inactive = it.supervisor.deactivate();
    it.last().unit.end();
    await inactive;
    expect(it.ends).toEqual([]);
    expect(it.states()).toEqual(["starting", "active", "stopping", "inactive"]);
  });

  test("[F8] who is of no use any more is ended first, and only then started anew", async () => {
    const it = await running();
    const { unit } = it.last();
    it.supervisor.fail(unit, startFailureOf("it is not healthy"));
    expect([unit.stopping, it.supervisor.state]).toEqual([true, "active"]);
    unit.end({ kind: "killed", forced: false, escaped: [] });
    await settle();
    expect(it.ends).toMatchObject([{ kind: "lost" }]);
    expect(it.changes.at(-1)).toMatchObject({ to: "restarting", attempt: 1 });
  });
});

function startFailureOf(message: string): never {
  return Object.assign(new Error(message), { code: "CONNECTION_LOST" }) as never;
}
