import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect } from "effect"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import * as Command from "../src/domain/Command.ts"
import { told } from "./Builders.ts"
import { freshOrder, Payments, saidOf } from "./support.ts"

layer(Payments, { excludeTestServices: true, timeout: 60_000 })("the payment actor", (it) => {
  it.effect("keeps one attempt with its exact parameters though it is asked for twice (H45)", () =>
    Effect.gen(function*() {
      const actor = yield* PaymentActor
      const sql = yield* SqlClient.SqlClient
      const { orderId, request } = freshOrder()
      const outcomes = yield* actor.submit([fromMessage(request), fromMessage(request)])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Done", "Done"])
      const attempts = yield* sql`
        SELECT attempt, payment_method_id, amount, currency, idempotency_key, begun_at
        FROM payment_attempts WHERE order_id = ${orderId}`
      assert.deepStrictEqual(attempts, [{
        attempt: 1,
        payment_method_id: "pm_card_visa",
        amount: "7680",
        currency: "EUR",
        idempotency_key: `charge:${orderId}:1`,
        begun_at: null
      }])
      const due = yield* sql`SELECT type FROM outbox WHERE subject = ${orderId}`
      assert.deepStrictEqual(due, [{ type: "payment.charge_due.v1" }])
    }))

  it.effect("keeps a line for every change, with its cause and without gaps (H43, H44)", () =>
    Effect.gen(function*() {
      const actor = yield* PaymentActor
      const sql = yield* SqlClient.SqlClient
      const { orderId, refund, request } = freshOrder()
      const causes = Array.from({ length: 5 }, () => v7())
      const commands = [
        request,
        Command.BeginCharge.make({ orderId, attempt: 1, try: 1 }),
        Command.RecordIntent.make({ ...told("succeeded", { asked: 1 }), orderId }),
        refund,
        Command.RecordIntent.make({ ...told("canceled"), orderId })
      ]
      yield* actor.submit(commands.map((command, index) => fromMessage(command, { id: causes[index] ?? "" })))
      const trail = yield* sql`
        SELECT version, from_status, to_status, event, cause FROM payment_transitions
        WHERE order_id = ${orderId} ORDER BY version`
      assert.deepStrictEqual(trail, [
        { version: 1, from_status: "Absent", to_status: "Opened", event: "PaymentOpened", cause: causes[0] },
        { version: 2, from_status: "Opened", to_status: "Charging", event: "ChargeBegun", cause: causes[1] },
        { version: 3, from_status: "Charging", to_status: "Succeeded", event: "PaymentSucceeded", cause: causes[2] },
        { version: 4, from_status: "Succeeded", to_status: "Succeeded", event: "RefundRequested", cause: causes[3] }
      ])
      const [late] = yield* sql`SELECT outcome FROM processed_messages WHERE message_id = ${causes[4] ?? ""}`
      assert.deepStrictEqual(late, { outcome: "ignored" })
      assert.deepStrictEqual(yield* saidOf(orderId), ["payment.succeeded.v1"])
    }))
})
