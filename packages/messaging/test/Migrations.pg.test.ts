import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { Migrations } from "@quartet/hosting/Migrations"
import { migrate } from "@quartet/hosting/Migrations"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Effect } from "effect"
import { messagingMigrations } from "../src/Migrations.ts"

/** What stood before messages that wait had a table of their own. */
const earlier: Migrations = Object.fromEntries(
  Object.entries(messagingMigrations).filter(([name]) => name < "0005")
)

layer(PostgresTest.layer({ service: "counter", migrations: earlier }), { excludeTestServices: true })(
  "an outbox from before",
  (it) => {
    it.effect("still waits with all that it has not said, timers with their time (H178)", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`
          INSERT INTO outbox (message_id, type, subject, envelope, due_at, published_at)
          SELECT gen_random_uuid(), 't.v1', subject, '{}', due_at::timestamptz, published_at::timestamptz
          FROM (VALUES ('said', NULL, '2026-01-01'), ('waits', NULL, NULL), ('rings', '2999-01-01 00:00Z', NULL))
            AS rows (subject, due_at, published_at)`
        assert.deepStrictEqual(yield* migrate("counter", messagingMigrations), [
          "0005_outbox_unsent",
          "0006_delivery_audits",
          "0007_message_digests"
        ])
        const waiting = yield* sql`
          SELECT subject, u.due_at IS NOT DISTINCT FROM o.due_at AS same FROM outbox_unsent AS u JOIN outbox AS o USING (seq)
          ORDER BY seq`
        assert.deepStrictEqual(waiting, [{ subject: "waits", same: true }, { subject: "rings", same: true }])
        assert.strictEqual((yield* sql`SELECT 1 FROM outbox`).length, 3)
      }))
  }
)
