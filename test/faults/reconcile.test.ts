import { assert, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { business } from "../support/Archive.ts"
import { opsUrl, run } from "../support/Command.ts"
import { post } from "../support/Edge.ts"
import { booksOf, charging, whileFaulty, whileWebhooks } from "../support/Provider.ts"
import * as Quartet from "../support/Quartet.ts"
import {
  atDesk,
  chargeByHand,
  losing,
  reconciled,
  restorePayment,
  toldOf,
  twice,
  whileMute
} from "../support/Reconciling.ts"
import { superuser } from "../support/Rows.ts"
import { becomes, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import { count, execute, whileLocked } from "../support/Tables.ts"

const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})
type Story = Effect.Effect.Success<typeof reserved>

const paid = Effect.tap(reserved, ({ customer, order }) => pay(customer, order))

const press = ({ customer, order }: Story) =>
  post(customer, `/orders/${order.id}/pay`, { key: v7(), body: { paymentMethodId: "pm_card_visa" } })

/** Nobody asks the provider again before the test is over: what is put right is put right by reconciling. */
const settings = {
  RECONCILE_EVERY: "never",
  PAYMENT_RECONCILE_EVERY: "never",
  PAYMENT_FIRST_PAUSE: "1 hour",
  PAYMENT_LONGEST_PAUSE: "1 hour",
  STRIPE_DEADLINE: "2 seconds",
  WAREHOUSE_DISPATCH_AFTER: "never"
}

layer(Quartet.layer(settings), { excludeTestServices: true, timeout: 150_000 })("reconciling", (it) => {
  it.effect("settles a payment that only the provider knows of: no answer arrived and no event came (H39, H83, H207)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { struck } = yield* whileWebhooks(
        { mode: "drop" },
        whileFaulty(
          { fault: "reset_after", times: 1000, match: charging },
          Effect.gen(function*() {
            yield* press(story)
            yield* until(
              count("payment.payment_transitions WHERE event = 'OutcomeUnknown' AND order_id = $1", story.order.id),
              (found) => found === 1
            )
          })
        )
      )
      assert.isAbove(struck, 0)
      assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "PaymentPending")
      const { first, second } = yield* twice(story.order)
      assert.lengthOf(first, 1)
      assert.match(first[0] ?? "", /^pi_\w+ repaired$/)
      assert.deepStrictEqual(second, [])
      yield* becomes(story.customer, story.order, "Paid")
      assert.deepStrictEqual((yield* booksOf(story.order)).charges, [2000])
    }))

  it.effect("gives a second charge back, and enters what was given back by hand, though no event tells (H62, H209)", () =>
    Effect.gen(function*() {
      const [double, partly] = yield* Effect.all([paid, paid])
      yield* whileWebhooks(
        { mode: "drop" },
        Effect.gen(function*() {
          const second = yield* chargeByHand(double.order.id)
          const [intent] = (yield* booksOf(partly.order)).intents
          yield* atDesk("refunds", { payment_intent: intent?.id ?? "", amount: "500" })
          const first = yield* reconciled()
          assert.deepStrictEqual(toldOf(first, double.order), [`${second} repaired`])
          assert.lengthOf(toldOf(first, partly.order), 1)
          yield* until(booksOf(double.order), ({ refunds }) => refunds.length === 1)
        })
      )
      yield* until(count("payment.refunds WHERE order_id = $1 AND amount = 500", partly.order.id), (n) => n === 1)
      const again = yield* reconciled()
      assert.deepStrictEqual([...toldOf(again, double.order), ...toldOf(again, partly.order)], [])
      assert.deepStrictEqual((yield* booksOf(double.order)).refunds, [2000])
    }))

  it.effect("tells an order of its payment when the message was lost (H207, H130)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      yield* whileFaulty(
        { fault: "hang", delayMs: 700, match: charging },
        Effect.gen(function*() {
          yield* press(story)
          yield* until(count("payment.payments WHERE order_id = $1 AND status = 'Charging'", story.order.id), (n) =>
            n === 1)
          yield* losing("payment", "payment.succeeded.v1", story.order, Effect.void)
        })
      )
      assert.strictEqual((yield* Customer.look(story.customer, story.order)).status, "PaymentPending")
      const { first, second } = yield* twice(story.order)
      assert.deepStrictEqual({ first, second }, { first: ["payment repaired"], second: [] })
      yield* becomes(story.customer, story.order, "Paid")
    }))

  it.effect("brings back money and goods of a cancelled order whose end nobody heard of (H207)", () =>
    Effect.gen(function*() {
      const story = yield* paid
      const { customer, order, sku } = story
      yield* until(count("warehouse.shipments WHERE order_id = $1 AND status = 'Ready'", order.id), (n) => n === 1)
      const held = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const hold = Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(go))
      const locking = yield* Effect.fork(whileLocked("warehouse.shipments", hold))
      // Asked before the table is locked, the warehouse could answer before anything is lost.
      yield* Effect.raceFirst(Deferred.await(held), Fiber.join(locking))
      yield* post(customer, `/orders/${order.id}/cancel`, { key: v7() })
      yield* until(count("pg_stat_activity WHERE wait_event_type = 'Lock'"), (n) => n > 0)
      // The warehouse has the question in hand. What the order says once it has the answer is lost.
      yield* losing("\"order\"", "order.refund_requested.v1", order, Deferred.succeed(go, undefined))
      yield* Fiber.join(locking)
      yield* becomes(customer, order, "Cancelled")
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [])
      const { first, second } = yield* twice(order)
      assert.sameMembers(first, ["refund repaired", "stock repaired"])
      assert.deepStrictEqual(second, [])
      yield* until(booksOf(order), ({ refunds }) => refunds.length === 1 && refunds[0] === 2000)
      assert.deepInclude(yield* levelOf(sku), { onHand: 5, available: 5 })
    }))

  it.effect("sets a level that was changed past its ledger to what its ledger says (H207)", () =>
    Effect.gen(function*() {
      const { sku } = yield* reserved
      yield* execute(`UPDATE inventory.stock SET reserved = 0, on_hand = 4 WHERE sku = '${sku}'`)
      const { told } = yield* reconciled()
      assert.deepInclude(told.map(({ id, outcome }) => [id, outcome]), [`inventory/${sku}`, "repaired"])
      assert.deepInclude(yield* levelOf(sku), { onHand: 5, reserved: 2 })
      assert.notInclude((yield* reconciled()).told.map(({ id }) => id), `inventory/${sku}`)
    }))

  it.effect("finds a payment again that was lost with its database, and charges nobody twice (H207, H208)", () =>
    Effect.gen(function*() {
      const { customer, order } = yield* paid
      yield* restorePayment(order)
      const { first, second } = yield* twice(order)
      assert.deepStrictEqual({ first, second }, { first: ["payment repaired"], second: [] })
      assert.strictEqual(yield* count("payment.payments WHERE order_id = $1 AND status = 'Succeeded'", order.id), 1)
      const { charges, intents } = yield* booksOf(order)
      assert.deepStrictEqual({ charges, intents: intents.length }, { charges: [2000], intents: 1 })
      yield* becomes(customer, order, "Paid")
    }))

  it.effect("does not ask for a lost payment again once the provider may have forgotten its key (H49, H208)", () =>
    Effect.gen(function*() {
      const { order } = yield* paid
      yield* restorePayment(order)
      yield* execute(`SET session_replication_role = replica; UPDATE "order".order_transitions
        SET at = at - interval '24 hours' WHERE order_id = '${order.id}' AND event = 'PaymentRequested'`)
      const { first } = yield* twice(order)
      assert.sameMembers(first.map((one) => one.replace(/^pi_\w+/, "charge")), [
        "charge needs a person",
        "payment needs a person"
      ])
      assert.strictEqual(yield* count("payment.payments WHERE order_id = $1", order.id), 0)
      assert.lengthOf((yield* booksOf(order)).intents, 1)
      yield* execute(`SET session_replication_role = replica; UPDATE "order".order_transitions
        SET at = at + interval '24 hours' WHERE order_id = '${order.id}' AND event = 'PaymentRequested'`)
      assert.deepStrictEqual(toldOf(yield* reconciled(), order), ["payment repaired"])
    }))

  it.effect("gives money back that nobody asked an order for (H207)", () =>
    Effect.gen(function*() {
      const { customer, order } = yield* reserved
      const charge = yield* whileWebhooks({ mode: "drop" }, chargeByHand(order.id))
      const { first, second } = yield* twice(order)
      assert.deepStrictEqual({ first, second }, { first: [`${charge} repaired`], second: [] })
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [2000])
      yield* becomes(customer, order, "Reserved")
    }))

  it.effect("says nothing of what is under way, however different it looks for a moment (H207)", () =>
    Effect.gen(function*() {
      const story = yield* reserved
      const { order } = story
      const charged = count("payment.payments WHERE order_id = $1 AND status = 'Charging'", order.id)
      yield* whileFaulty(
        { fault: "hang", delayMs: 500, match: charging },
        Effect.zipRight(press(story), until(charged, (n) => n === 1))
      )
      const seen = yield* whileMute(
        "\"order\"",
        Effect.gen(function*() {
          yield* becomes(story.customer, order, "Paid")
          const patient = yield* Effect.forkDaemon(reconciled({ settle: Duration.seconds(3), dryRun: true }))
          // It has had its first look before one that began later has had its second.
          const hasty = yield* reconciled({ settle: Duration.millis(1), dryRun: true })
          assert.sameMembers(toldOf(hasty, order), ["stock would be repaired", "parcel would be repaired"])
          return patient
        })
      )
      yield* until(count("warehouse.shipments WHERE order_id = $1 AND status = 'Ready'", order.id), (n) => n === 1)
      assert.deepStrictEqual(toldOf(yield* Fiber.join(seen), order), [])
    }))

  it.effect("leaves no trace when it only tells what it would do (H207)", () =>
    Effect.gen(function*() {
      const { order } = yield* reserved
      const charge = yield* whileWebhooks({ mode: "drop" }, chargeByHand(order.id))
      yield* until(
        count(`"order".order_summaries WHERE order_id = $1 AND status = 'Reserved'`, order.id),
        (found) => found === 1
      )
      const before = yield* Effect.scoped(Effect.flatMap(superuser, business))
      assert.deepStrictEqual(toldOf(yield* reconciled({ dryRun: true }), order), [`${charge} would be repaired`])
      assert.deepStrictEqual(yield* Effect.scoped(Effect.flatMap(superuser, business)), before)
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [])
      yield* reconciled()
    }))

  it.effect("says that it could not compare, where the provider does not let its books be read (H207)", () =>
    Effect.gen(function*() {
      const unreadable = { fault: "error_before", times: 100, match: { method: "GET", path: "/v1/payment_intents" } }
      const { result, struck } = yield* whileFaulty(
        unreadable,
        Effect.zip(
          reconciled(),
          Effect.flatMap(opsUrl, (url) => run("reconcile", "--settle", "1ms", "--url", url))
        )
      )
      assert.isAbove(struck, 0)
      const [{ unread }, { code, stderr, stdout }] = result
      assert.lengthOf(unread, 1)
      assert.include(unread[0] ?? "", "500")
      assert.strictEqual(code, 1)
      assert.match(stdout, /^✘ not compared: The provider's books could not be read: 500/m)
      assert.strictEqual(stderr, "Not everything could be compared.\n")
    }))

  it.effect(
    "flags what only a person can tell, names the way out, and fails until it is gone (H208)",
    () =>
      Effect.gen(function*() {
        const stranger = { id: v7() }
        const charge = yield* chargeByHand(stranger.id)
        const { order } = yield* reserved
        yield* execute(`UPDATE "order".orders SET status = 'Paid', cancelling = false, hold_until = NULL
        WHERE order_id = '${order.id}'`)
        const at = ["--url", yield* opsUrl, "--settle", "300ms"]
        const { code, stderr, stdout } = yield* run("reconcile", "--wait", "1s", ...at)
        assert.strictEqual(code, 1, stdout + stderr)
        const told = stdout.split("\n")
        assert.match(
          told.find((line) => line.includes(charge)) ?? "",
          /^✘ payment\/pi_\w+ of order \S+: the provider took 20\.00 EUR .* needs a person: .*--give-back pi_\w+\.$/
        )
        assert.match(told.find((line) => line.includes(`order/${order.id}/payment`)) ?? "", /^✘ .* needs a person: /)
        assert.match(stderr, /needs? a person\.\n$/)
        assert.deepStrictEqual((yield* booksOf(stranger)).refunds, [])

        yield* execute(
          `UPDATE "order".orders SET status = 'Reserved', cancelling = NULL, hold_until = now() + interval '1 hour'
        WHERE order_id = '${order.id}'`
        )
        const given = yield* run("reconcile", ...at, "--give-back", charge)
        assert.strictEqual(given.code, 0, given.stdout + given.stderr)
        assert.deepStrictEqual((yield* booksOf(stranger)).refunds, [2000])
        const nothing = yield* run("reconcile", ...at)
        assert.deepStrictEqual([nothing.code, nothing.stdout], [0, "No mismatch was found.\n"])
      }),
    60_000
  )

  it.effect("tells of an order that only others know of: a database was restored (H208)", () =>
    Effect.gen(function*() {
      const { order } = yield* paid
      yield* execute(`SET session_replication_role = replica;
        DELETE FROM "order".order_transitions WHERE order_id = '${order.id}';
        DELETE FROM "order".order_lines WHERE order_id = '${order.id}';
        DELETE FROM "order".orders WHERE order_id = '${order.id}'`)
      const report = yield* reconciled()
      assert.deepStrictEqual(toldOf(report, order), ["unknown needs a person"])
      assert.deepStrictEqual((yield* booksOf(order)).refunds, [])
    }))
})
