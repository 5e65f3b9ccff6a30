import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Queue, Schema } from "effect"
import { EnvelopeJson } from "../src/Message.ts"
import type { Entry } from "../src/Outbox.ts"
import { Outbox } from "../src/Outbox.ts"
import { written } from "../src/testing/Written.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"

const now = DateTime.unsafeMake("2026-01-02T03:04:05.678Z")
const due = DateTime.unsafeMake("2026-01-02T04:00:00.001Z")
const entry = (message: Entry["message"], traceparent?: string): Entry => ({
  message,
  lineage: { causationId: "cause", correlationId: "root", ...(traceparent === undefined ? {} : { traceparent }) }
})
const decode = Schema.decodeSync(EnvelopeJson)

const rows = (sql: SqlClient.SqlClient) =>
  sql<{ message_id: string; envelope: string; subject: string; type: string; due_at: Date | null }>`
    SELECT message_id, envelope, subject, type, due_at FROM outbox ORDER BY seq`

layer(Counter.layer(), { excludeTestServices: true })("the outbox", (it) => {
  it.effect("keeps many messages in the order they were appended, each with an id of its own (H105)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const entries = Array.from(
        { length: 300 },
        (_, n) => entry(Counter.WasCounted.say({ key: `k${n % 7}`, amount: n }))
      )
      yield* atomically(written(outbox.append(entries, now)))
      const kept = yield* rows(sql)
      assert.deepStrictEqual(
        kept.map(({ envelope }) => decode(envelope).data),
        entries.map(({ message }) => message.data)
      )
      assert.strictEqual(new Set(kept.map(({ message_id }) => message_id)).size, 300)
      yield* sql`TRUNCATE outbox`
    }))

  it.effect("writes a CloudEvents envelope with cause, correlation and trace (G13)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      yield* atomically(
        written(outbox.append([entry(Counter.WasCounted.say({ key: "a", amount: 1 }), "00-trace-01")], now))
      )
      const [row] = yield* rows(sql)
      assert.deepStrictEqual({ ...decode(row?.envelope ?? "") }, {
        specversion: "1.0",
        id: decode(row?.envelope ?? "").id,
        source: "/quartet/counter",
        type: "counter.counted.v1",
        subject: "a",
        time: "2026-01-02T03:04:05.678Z",
        datacontenttype: "application/json",
        dataschema: "urn:quartet:message:counter.counted.v1",
        correlationid: "root",
        causationid: "cause",
        traceparent: "00-trace-01",
        data: { key: "a", amount: 1 }
      })
      assert.strictEqual(row?.message_id, decode(row?.envelope ?? "").id)
      assert.deepStrictEqual([row?.subject, row?.type, row?.due_at], ["a", "counter.counted.v1", null])
      yield* sql`TRUNCATE outbox`
    }))

  it.effect("gives a timer its due time, or the present when it has none", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const data = { key: "a", amount: 1 }
      yield* atomically(
        written(outbox.append([entry(Counter.CountDue.later(data, due)), entry(Counter.CountDue.say(data))], now))
      )
      assert.deepStrictEqual((yield* rows(sql)).map(({ due_at }) => due_at?.toISOString()), [
        "2026-01-02T04:00:00.001Z",
        "2026-01-02T03:04:05.678Z"
      ])
      yield* sql`TRUNCATE outbox`
    }))

  it.effect("remembers one call for the relay, however many there were", () =>
    Effect.gen(function*() {
      const outbox = yield* Outbox
      yield* outbox.wake
      yield* outbox.wake
      assert.strictEqual(yield* Queue.size(outbox.woken), 1)
    }))
})
