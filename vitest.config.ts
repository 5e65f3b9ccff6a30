import { defineConfig } from "vitest/config"

const slow = { testTimeout: 60_000, hookTimeout: 120_000 }

/** `unit` needs nothing, `integration` a PostgreSQL, `system` all four services, `soak` a quarter of an hour; one file of each runs at a time per worker. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{packages,services}/*/test/**/*.test.ts", "test/architecture/*.test.ts"],
          exclude: ["**/*.pg.test.ts", "**/node_modules/**"]
        }
      },
      {
        test: {
          name: "integration",
          include: ["{packages,services}/*/test/**/*.pg.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          ...slow
        }
      },
      {
        test: {
          name: "system",
          include: ["test/{journeys,faults,laws,edge}/*.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          fileParallelism: false,
          // Loading four services anew for every file would take longer than the tests.
          isolate: false,
          ...slow
        }
      },
      { test: { name: "soak", include: ["test/soak/*.test.ts"], fileParallelism: false, ...slow } }
    ]
  }
})
