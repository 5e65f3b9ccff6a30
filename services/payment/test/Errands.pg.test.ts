import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { MessageId } from "@quartet/messaging/Message"
import type { Envelope } from "@quartet/messaging/Message"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Effect, Schedule } from "effect"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import { Errands } from "../src/Errands.ts"
import { awaitStatus, Connected, freshOrder, inject, ledgerOf, provider, saidOf } from "./support.ts"

const due = (): Envelope => {
  const id = MessageId.make(v7())
  return {
    specversion: "1.0",
    id,
    source: "/quartet/payment",
    type: "payment.charge_due.v1",
    subject: id,
    time: "2026-03-02T09:15:00Z",
    datacontenttype: "application/json",
    dataschema: "urn:quartet:message:payment.charge_due.v1",
    correlationid: id,
    causationid: id,
    data: {}
  }
}

layer(Connected, { excludeTestServices: true, timeout: 60_000 })("what is done at the provider", (it) => {
  it.effect("is one charge though we are killed before the call, and after it (H46, H47)", () =>
    Effect.gen(function*() {
      const { submit } = yield* PaymentActor
      const errands = yield* Errands
      const order = freshOrder()
      yield* provider("POST", "webhooks", { mode: "drop" })
      yield* submit([fromMessage(order.request)])
      const charge = { orderId: order.orderId, paymentId: order.request.paymentId, attempt: 1, try: 1 }
      const envelope = due()
      yield* inject("hang", "/v1/payment_intents", { delayMs: 300 })
      yield* Effect.timeoutOption(errands.charge(charge, envelope), "50 millis") // killed while the call runs
      // While the first call runs, the provider says that its key is in use.
      yield* Effect.repeat(errands.charge(charge, envelope), {
        until: ({ _tag }) => _tag === "RecordIntent", // killed with the answer in hand
        schedule: Schedule.spaced("20 millis")
      })
      assert.strictEqual((yield* awaitStatus(order.orderId, "Charging"))._tag, "Charging")
      const command = yield* errands.charge(charge, envelope)
      yield* submit([fromMessage(command, { id: envelope.id }), fromMessage(command, { id: envelope.id })])
      yield* awaitStatus(order.orderId, "Succeeded")
      yield* provider("POST", "webhooks", { mode: "deliver" })
      assert.strictEqual((yield* ledgerOf(order.orderId)).intents.length, 1)
      assert.deepStrictEqual(yield* saidOf(order.orderId), ["payment.succeeded.v1"])
    }))

  it.effect("is nothing once the order was cancelled before the first call", () =>
    Effect.gen(function*() {
      const { submit } = yield* PaymentActor
      const errands = yield* Errands
      const order = freshOrder()
      yield* submit([fromMessage(order.request), fromMessage(order.cancel)])
      const charge = { orderId: order.orderId, paymentId: order.request.paymentId, attempt: 1, try: 1 }
      assert.strictEqual((yield* errands.charge(charge, due()))._tag, "SkipCall")
      assert.deepStrictEqual((yield* ledgerOf(order.orderId)).intents, [])
      assert.deepStrictEqual(yield* saidOf(order.orderId), ["payment.failed.v1"])
    }))

  it.effect("is looked up, and never posted again, once the provider may have forgotten the key (H49)", () =>
    Effect.gen(function*() {
      const { submit } = yield* PaymentActor
      const errands = yield* Errands
      const sql = yield* SqlClient.SqlClient
      const forget = (orderId: string) =>
        sql`UPDATE payment_attempts SET begun_at = begun_at - interval '25 hours' WHERE order_id = ${orderId}`
      yield* provider("POST", "webhooks", { mode: "drop" })
      for (const [fault, found] of [["reset_before", "RecordUnknown"], ["reset_after", "RecordIntent"]]) {
        const order = freshOrder()
        yield* submit([fromMessage(order.request)])
        const charge = { orderId: order.orderId, paymentId: order.request.paymentId, attempt: 1 }
        yield* inject(fault ?? "", "/v1/payment_intents", { times: 4 })
        const unknown = yield* errands.charge({ ...charge, try: 1 }, due())
        yield* provider("DELETE", "faults")
        assert.strictEqual(unknown._tag, "RecordUnknown")
        yield* submit([fromMessage(unknown)])
        yield* forget(order.orderId)
        const again = yield* errands.charge({ ...charge, try: 2 }, due())
        assert.strictEqual(again._tag, found)
        assert.strictEqual((yield* ledgerOf(order.orderId)).intents.length, found === "RecordIntent" ? 1 : 0)
      }
      yield* provider("POST", "webhooks", { mode: "deliver" })
    }))
})
