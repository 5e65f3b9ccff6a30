import * as Reactivity from "@effect/experimental/Reactivity"
import { SqlClient } from "@effect/sql"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, layer } from "@effect/vitest"
import { Database } from "@quartet/hosting/Database"
import { parse, withDatabase } from "@quartet/hosting/DatabaseUrl"
import { Effect, Option } from "effect"
import { v7 } from "uuid"
import { charging, deliver, eventsNamed, intentEvent, post, seconds, sign } from "./Events.ts"
import { awaitStatus, Door, nextSecret, saidOf, secret, toJson } from "./support.ts"

layer(Door, { excludeTestServices: true, timeout: 60_000 })("the provider's door", (it) => {
  it.effect("puts a signed event on record and settles the payment before the call's own answer (H78)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const id = `evt_${v7()}`
      const answer = yield* deliver(intentEvent("payment_intent.succeeded", { id, orderId }))
      assert.deepStrictEqual(answer, { status: 200, body: { received: true } })
      yield* awaitStatus(orderId, "Succeeded")
      assert.deepStrictEqual(yield* eventsNamed(id), [{ outcome: "applied", reason: null }])
    }))

  it.effect("refuses what is not signed by the provider just now, and stores nothing (H72, H73)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const id = `evt_${v7()}`
      const body = intentEvent("payment_intent.succeeded", { id, orderId })
      const now = yield* seconds
      const signatures = [
        undefined,
        "",
        "nonsense",
        sign(body, now, "whsec_foreign"),
        sign(body, now, secret, "v0"),
        sign(`${body} `, now),
        sign(body, now - 900),
        sign(body, now + 900), // so far that no slowness of this machine brings it near; the edges are Signature's own test
        `t=${now},v1=${"0".repeat(64)}`
      ]
      for (const signature of signatures) {
        const answer = yield* post(body, signature === undefined ? {} : { "stripe-signature": signature })
        assert.strictEqual(answer.status, 400, signature)
        assert.include(toJson(answer.body), "urn:quartet:problem:event-refused")
      }
      assert.deepStrictEqual(yield* eventsNamed(id), [])
      yield* awaitStatus(orderId, "Charging")
    }))

  it.effect("takes either secret while one replaces the other, and any of several signatures (H85)", () =>
    Effect.gen(function*() {
      const now = yield* seconds
      const body = intentEvent("payment_intent.created", { status: "requires_confirmation", orderId: v7() })
      for (
        const signature of [
          sign(body, now, nextSecret),
          `${sign(body, now, "whsec_old")},${sign(body, now).split(",")[1]}`
        ]
      ) {
        assert.strictEqual((yield* post(body, { "stripe-signature": signature })).status, 200)
      }
    }))

  it.effect("verifies the bytes as they came, with their own white space and order (H74)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const body = `\n  ${intentEvent("payment_intent.succeeded", { orderId }).replaceAll(",", " ,\n  ")}\n`
      assert.strictEqual((yield* deliver(body)).status, 200)
      yield* awaitStatus(orderId, "Succeeded")
    }))

  it.effect("keeps one row and has one effect for one event, also when it comes ten times at once (H75)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const id = `evt_${v7()}`
      const body = intentEvent("payment_intent.succeeded", { id, orderId })
      const answers = yield* Effect.replicateEffect(deliver(body), 10, { concurrency: 10 })
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.strictEqual((yield* eventsNamed(id)).length, 1)
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))

  it.effect("still knows an event whose key was forgotten (H75, H12)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const orderId = yield* charging
      const body = intentEvent("payment_intent.succeeded", { orderId })
      yield* deliver(body)
      yield* sql`DELETE FROM idempotency_keys WHERE owner = 'stripe'`
      assert.strictEqual((yield* deliver(body)).status, 200)
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))

  it.effect("has one effect for one fact under two event ids (H76)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const second = `evt_${v7()}`
      yield* deliver(intentEvent("payment_intent.succeeded", { orderId }))
      yield* deliver(intentEvent("payment_intent.succeeded", { orderId, id: second }))
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
      assert.deepStrictEqual((yield* eventsNamed(second)).map(({ outcome }) => outcome), ["ignored"])
    }))

  it.effect("comes to the same end in whatever order events arrive (H24, H77)", () =>
    Effect.gen(function*() {
      const story = [
        { type: "payment_intent.created", status: "requires_confirmation" },
        { type: "payment_intent.processing", status: "processing" },
        { type: "payment_intent.payment_failed", status: "requires_payment_method", failed: true },
        { type: "payment_intent.succeeded", status: "succeeded" }
      ]
      for (let turn = 0; turn < 24; turn++) {
        const orderId = yield* charging
        const rest = [...story]
        const order = [turn % 4, Math.floor(turn / 4) % 3, Math.floor(turn / 12) % 2, 0].flatMap((at) =>
          rest.splice(at, 1)
        )
        yield* Effect.forEach(order, (chapter) => deliver(intentEvent(chapter.type, { ...chapter, orderId })))
        yield* awaitStatus(orderId, "Succeeded")
        const said = yield* saidOf(orderId)
        assert.strictEqual(said.filter((type) => type === "payment.succeeded.v1").length, 1)
        assert.strictEqual(said.at(-1), "payment.succeeded.v1")
      }
    }))

  it.effect("puts on record what is not ours or not known, and changes nothing (H79, H84)", () =>
    Effect.gen(function*() {
      const strange = [
        intentEvent("payment_intent.succeeded", { id: "evt_foreign", intentId: "pi_foreign" }),
        intentEvent("payment_intent.succeeded", { id: "evt_stranger", orderId: v7() }),
        toJson({
          id: "evt_new",
          type: "moon.phase_changed",
          created: 1,
          livemode: false,
          data: { object: { id: "m", x: [1] } }
        }),
        toJson({ id: "evt_odd", type: "payment_intent.odd", created: 1, livemode: false, data: { object: "?" } }),
        toJson({
          id: "evt_dispute",
          type: "charge.dispute.created",
          created: 1,
          livemode: false,
          data: { object: { id: "dp" } }
        })
      ]
      for (const body of strange) assert.strictEqual((yield* deliver(body)).status, 200)
      for (const id of ["evt_foreign", "evt_stranger", "evt_new", "evt_odd", "evt_dispute"]) {
        assert.deepStrictEqual((yield* eventsNamed(id)).map(({ outcome }) => outcome), ["ignored"], id)
      }
    }))

  it.effect("refuses a body over 256 KiB (H84)", () =>
    Effect.gen(function*() {
      const huge = toJson({ id: "evt_huge", filler: "x".repeat(257 * 1024) })
      assert.strictEqual((yield* deliver(huge)).status, 413)
    }))

  it.effect("never keeps a client secret (H59, H196)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const kept = yield* sql`
        SELECT e::text FROM provider_events AS e WHERE e::text LIKE '%never_kept%'
        UNION ALL SELECT o::text FROM outbox AS o WHERE o::text LIKE '%never_kept%'
        UNION ALL SELECT k::text FROM idempotency_keys AS k WHERE k::text LIKE '%never_kept%'`
      assert.deepStrictEqual(kept, [])
    }))

  it.effect("answers 503 while the database is away, and takes the event when it comes again (H80)", () =>
    Effect.gen(function*() {
      const orderId = yield* charging
      const id = `evt_${v7()}`
      const body = intentEvent("payment_intent.succeeded", { id, orderId })
      const { admin } = yield* Database
      const url = yield* parse(Option.getOrThrow(admin), "admin")
      const superuser = yield* PgClient.make({ url: withDatabase(url, "postgres"), maxConnections: 1 })
      const name = url.pathname.slice(1)
      const allow = (yes: boolean) => superuser.unsafe(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${yes}`)
      yield* allow(false)
      yield* superuser`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`
      const answer = yield* deliver(body)
      yield* allow(true)
      assert.strictEqual(answer.status, 503)
      assert.deepStrictEqual(yield* eventsNamed(id), [])
      assert.strictEqual((yield* deliver(body)).status, 200)
      yield* awaitStatus(orderId, "Succeeded")
    }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)))
})
