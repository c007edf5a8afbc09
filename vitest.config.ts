import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Files that start no process and mock no module, but for those named: they share a few processes, for one each costs half a second.
const LIGHT = ["util", "contract", "wire", "peer", "handshake", "transport", "output", "testing", "pins", "connectors"].map(
  (room) => `test/${room}/**/!(clock|dial-throws|keep-memory).test.ts`,
);

export default defineConfig({
  test: {
    pool: "forks",
    // Most of them wait most of the time, for the processes that they start.
    maxWorkers: availableParallelism() + 1,
    setupFiles: ["test/kit/setup.ts"],
    // These end what would never end. They are no bounds: on a loaded machine everything takes as long as it takes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    projects: [
      { extends: true, test: { name: "light", include: LIGHT, isolate: false } },
      // A process for each file: tests look at this process's children, descriptors and listeners.
      { extends: true, test: { name: "processes", include: ["test/**/*.test.ts"], exclude: LIGHT } },
    ],
    coverage: { provider: "v8", include: ["src/**"] },
  },
});
