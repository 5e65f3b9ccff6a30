import { defineConfig } from "vitest/config"

// Loading the libraries anew for every file would take longer than the tests.
const shared = { isolate: false }
const slow = { testTimeout: 60_000, hookTimeout: 120_000 }

/** `unit` needs nothing, `integration` a PostgreSQL, `system` all four services, `soak` a quarter of an hour. */
export default defineConfig({
  test: {
    // By itself vitest leaves one core to nobody.
    maxWorkers: 2,
    minWorkers: 1,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{packages,services}/*/test/**/*.test.ts", "test/architecture/*.test.ts"],
          exclude: ["**/*.pg.test.ts", "**/node_modules/**"],
          ...shared
        }
      },
      {
        test: {
          name: "integration",
          include: ["{packages,services}/*/test/**/*.pg.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          ...shared,
          ...slow
        }
      },
      {
        test: {
          name: "system",
          include: ["test/{journeys,faults,laws,edge}/*.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          ...shared,
          ...slow
        }
      },
      { test: { name: "soak", include: ["test/soak/*.test.ts"], fileParallelism: false, ...slow } }
    ]
  }
})
