import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A process for each file: tests look at this process's children, descriptors and listeners.
    pool: "forks",
    setupFiles: ["test/kit/setup.ts"],
    // These end what would never end. They are no bounds: on a loaded machine everything takes as long as it takes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    coverage: { provider: "v8", include: ["src/**"] },
  },
});
