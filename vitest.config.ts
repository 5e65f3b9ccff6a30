import { defineConfig } from "vitest/config"

const setupFiles = ["test/support/ownTests.ts"]
const slow = { testTimeout: 60_000, hookTimeout: 120_000, setupFiles }
const overTheWire = { globalSetup: ["packages/hosting/src/testing/globalSetup.ts"], ...slow }

/** Processes that are told to stop under load, one after the other, take most of a minute. */
const drains = "test/services/drain.mq.test.ts"

/** What runs unchanged on four services in one process, in a process each, and in two each. */
const wholeSystem = ["test/journeys/*.test.ts", "test/laws/crowd.test.ts"]

/** What touches the database in every way that Quartet does: repositories, outbox, provisioning, and orders. */
const onOwnPostgres = [
  "packages/hosting/test/{Postgres,Provision}.pg.test.ts",
  "packages/messaging/test/{Outbox,Transaction}.pg.test.ts",
  "services/*/test/Repository.pg.test.ts",
  "test/database/*.test.ts"
]

/**
 * All are run with `--no-isolate`, which vitest hears from nobody but its caller: loading the libraries anew for every file
 * would take longer than the tests.
 *
 * `unit` needs nothing, `integration` a PostgreSQL and, for `*.mq.test.ts`, a RabbitMQ, `system` all four services, `soak` an
 * hour or less. `own-postgres` runs some of them again on the PostgreSQL that is installed here, if there is one. `services` is what only processes of their own over RabbitMQ can show, and `drains` what of it takes long;
 * `wire` and `replicas` are the journeys over one and two of each; `upgrade` is the release before beside this one; `stripe` plays what `system` plays of `test/stripe`
 * against Stripe itself.
 */
export default defineConfig({
  test: {
    // By itself vitest leaves one core to nobody.
    maxWorkers: 2,
    minWorkers: 1,
    globalSetup: ["packages/messaging/src/testing/rabbitMqSetup.ts"],
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          testTimeout: 30_000,
          include: ["{packages,services}/*/test/**/*.test.ts", "test/{architecture,contracts,settings}/*.test.ts"],
          exclude: ["**/*.{pg,mq}.test.ts", "**/node_modules/**"]
        }
      },
      {
        test: {
          name: "integration",
          include: ["{packages,services}/*/test/**/*.{pg,mq}.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          ...slow
        }
      },
      {
        test: {
          name: "system",
          include: ["test/{journeys,faults,laws,edge,stripe,database}/*.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts"],
          ...slow
        }
      },
      {
        test: {
          name: "own-postgres",
          include: onOwnPostgres,
          globalSetup: ["packages/hosting/src/testing/ownPostgres.ts"],
          // It is shared with others, and has fewer connections than ours.
          fileParallelism: false,
          ...slow
        }
      },
      {
        test: {
          name: "services",
          include: ["test/services/*.mq.test.ts"],
          exclude: [drains],
          ...overTheWire,
          provide: { replicas: 1 }
        }
      },
      { test: { name: "drains", include: [drains], ...overTheWire, provide: { replicas: 1 } } },
      { test: { name: "wire", include: wholeSystem, ...overTheWire, provide: { replicas: 1 } } },
      { test: { name: "replicas", include: wholeSystem, ...overTheWire, provide: { replicas: 2 } } },
      {
        test: {
          name: "stripe",
          include: ["test/stripe/*.test.ts"],
          globalSetup: ["test/stripe/setup.ts"],
          ...slow,
          provide: { stripeItself: true }
        }
      },
      {
        test: {
          name: "upgrade",
          include: ["test/upgrade/*.test.ts"],
          globalSetup: ["packages/hosting/src/testing/globalSetup.ts", "test/upgrade/setup.ts"],
          // Each file has two processes of each service, and two cores are enough for those of one.
          fileParallelism: false,
          ...slow
        }
      },
      { test: { name: "compose", include: ["test/compose/*.test.ts"], ...slow } },
      { test: { name: "soak", include: ["test/soak/*.test.ts"], fileParallelism: false, ...slow } }
    ]
  }
})
