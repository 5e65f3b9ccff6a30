import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import { demand } from "quartet/Shop"
import * as Token from "quartet/Token"
import type { Broken } from "quartet/Verify"
import { laws, readLedger, verify } from "quartet/Verify"
import { v7 } from "uuid"
import * as Addresses from "../support/Addresses.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { execute } from "../support/Tables.ts"

interface Story {
  readonly id: string
  readonly sku: string
}

/** Orders in several states, all of them as they should be; each test spoils its own. */
class World extends Context.Tag("@quartet/test/World")<World, {
  readonly take: (status: "Reserved" | "Shipped" | "Cancelled") => Effect.Effect<Story>
}>() {}

const reserved = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  return { customer, sku, order: yield* Customer.place(customer, sku, 2) }
})
type Reserved = Effect.Effect.Success<typeof reserved>

const paid = Effect.tap(reserved, ({ customer, order }) => pay(customer, order))

const shipped = Effect.tap(paid, ({ customer, order }: Reserved) =>
  Effect.gen(function*() {
    const { warehouse } = yield* Addresses.System
    const url = `${warehouse}/shipments/${order.id}/dispatch`
    const token = yield* Token.forOperator
    yield* until(
      Effect.option(demand({ method: "POST", url, token }, Schema.Unknown)),
      Option.isSome
    )
    yield* becomes(customer, order, "Shipped")
  }))

const cancelled = Effect.tap(paid, ({ customer, order }: Reserved) => Customer.cancel(customer, order))

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const many = <E, R>(one: Effect.Effect<Reserved, E, R>, count: number) =>
      Effect.replicateEffect(one, count, { concurrency: 4 }).pipe(
        Effect.map((found) => found.map(({ order: { id }, sku }): Story => ({ id, sku })))
      )
    const stories = {
      Reserved: yield* many(reserved, 2),
      Shipped: yield* many(shipped, 16),
      Cancelled: yield* many(cancelled, 1)
    }
    return World.of({
      take: (status) =>
        Effect.sync(() => {
          const found = stories[status].pop()
          if (found === undefined) throw new RangeError(`No order is ${status} any more.`)
          return found
        })
    })
  })
)

type Ledger = Effect.Effect.Success<ReturnType<typeof readLedger>>

const Objects = Schema.parseJson(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
type Objects = typeof Objects.Type

/** The provider's books with one object more. */
const withIntent = (ledger: Ledger, make: (intents: Objects) => Objects[number] | undefined) =>
  Effect.gen(function*() {
    const intents = yield* Schema.decode(Objects)(ledger.intents)
    const more = make(intents)
    assert.isDefined(more)
    return { ...ledger, intents: yield* Schema.encode(Objects)(more === undefined ? intents : [...intents, more]) }
  })

const isOf = (id: string) => ({ metadata }: Objects[number]) =>
  Schema.is(Schema.Struct({ orderId: Schema.Literal(id) }))(metadata)

/** What the checker says of the tables as they are, and of these books. */
const verdictOn = <E>(spoil: (ledger: Ledger) => Effect.Effect<Ledger, E>) =>
  Effect.gen(function*() {
    const { admin, simulator } = yield* Addresses.System
    return yield* verify(admin, yield* spoil(yield* readLedger(simulator)))
  })

const verdict = verdictOn(Effect.succeed)

/** The law that this test is about says what is wrong, and names it. */
const breaks = (broken: ReadonlyArray<Broken>, law: string, ...names: ReadonlyArray<string>) => {
  const found = broken.find(({ id }) => id === law)?.breaches ?? []
  assert.isTrue(
    names.every((name) => found.some((breach) => breach.includes(name))),
    `${law} says ${JSON.stringify(found)} and should name ${names.join(", ")}`
  )
}

/** Past the triggers that keep a table append only. */
const past = (statement: string) => execute(`SET session_replication_role = replica; ${statement}`)

const shown = new Set<string>()

const settings = { WAREHOUSE_DISPATCH_AFTER: "never", LOG_LEVEL: "none" }

layer(Layer.provideMerge(world, System.layer(settings)), { excludeTestServices: true, timeout: 150_000 })(
  "a law that is broken is seen:",
  (it) => {
    /** One law, one order of this state, and how to spoil it. */
    const law = <E>(
      id: string,
      says: string,
      status: "Reserved" | "Shipped" | "Cancelled",
      spoil: (story: Story) => Effect.Effect<unknown, E, Addresses.System>,
      names: (story: Story) => ReadonlyArray<string> = ({ id }) => [id]
    ) =>
      it.effect(`${id}, ${says}`, () =>
        Effect.gen(function*() {
          shown.add(id)
          const story = yield* Effect.flatMap(World, ({ take }) => take(status))
          const before = yield* verdict
          const known = before.find((broken) => broken.id === id)?.breaches ?? []
          assert.isFalse(names(story).some((name) => known.some((breach) => breach.includes(name))))
          yield* spoil(story)
          breaks(yield* verdict, id, ...names(story))
        }))

    it.effect("but nothing is, before anything is spoilt", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      }))

    law(
      "G1",
      "an order that cost more than what was kept for it",
      "Shipped",
      ({ id }) => execute(`UPDATE "order".orders SET total_amount = total_amount + 1 WHERE order_id = '${id}'`),
      ({ id }) => [`order ${id} is Shipped at 20.01 EUR and 0.00 EUR went back, but 20.00 EUR was kept`]
    )

    law(
      "G1",
      "an order in another currency than its money, each with its own decimals",
      "Shipped",
      ({ id }) => execute(`UPDATE "order".orders SET total_currency = 'KWD' WHERE order_id = '${id}'`),
      ({ id }) => [`order ${id} is Shipped at 2.000 KWD and 0.000 KWD went back, but 20.00 EUR was kept`]
    )

    it.effect("G2, an order that was charged twice", () =>
      Effect.gen(function*() {
        shown.add("G2")
        const { id } = yield* Effect.flatMap(World, ({ take }) => take("Shipped"))
        const broken = yield* verdictOn((ledger) =>
          withIntent(ledger, (intents) => {
            const first = intents.find(isOf(id))
            return first === undefined ? undefined : { ...first, id: "pi_twin" }
          })
        )
        breaks(broken, "G2", id)
        breaks(broken, "G1", id)
      }))

    it.effect("G3, a parcel that left before its order was told to be shipped", () =>
      Effect.gen(function*() {
        shown.add("G3")
        const { order: { id } } = yield* paid
        yield* until(
          execute(`SELECT 1 FROM warehouse.shipments WHERE order_id = '${id}' AND status = 'Ready'`),
          (found) => found.length === 1
        )
        yield* execute(`UPDATE warehouse.shipments SET status = 'Shipped' WHERE order_id = '${id}'`)
        breaks(yield* verdict, "G3", id)
      }))

    it.effect("G4, money for an order that nobody placed; G14, an intent that is no attempt of ours", () =>
      Effect.gen(function*() {
        shown.add("G4")
        const stranger = v7()
        const broken = yield* verdictOn((ledger) =>
          withIntent(
            ledger,
            ([first]) =>
              first === undefined ? undefined : { ...first, id: "pi_stranger", metadata: { orderId: stranger } }
          )
        )
        breaks(broken, "G4", stranger)
        breaks(broken, "G14", "pi_stranger")
      }))

    law(
      "G5",
      "units that came from nowhere",
      "Shipped",
      ({ sku }) => execute(`UPDATE inventory.stock SET received = received + 1 WHERE sku = '${sku}'`),
      ({ sku }) => [sku]
    )

    law("G6", "more promised than there is", "Shipped", ({ sku }) =>
      execute(`
        DO $$ DECLARE c name; BEGIN
          FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = 'inventory.stock'::regclass AND contype = 'c' LOOP
            EXECUTE format('ALTER TABLE inventory.stock DROP CONSTRAINT %I', c);
          END LOOP; END $$;
        UPDATE inventory.stock SET reserved = on_hand + 1 WHERE sku = '${sku}'`), ({ sku }) => [sku])

    law(
      "G7",
      "a gap in a history",
      "Shipped",
      ({ id }) =>
        past(`UPDATE "order".order_transitions SET version = version + 1 WHERE order_id = '${id}' AND version = 5`)
    )

    law(
      "G7",
      "a step that is not on the map",
      "Shipped",
      ({ id }) =>
        past(`UPDATE "order".order_transitions SET from_status = 'Failed' WHERE order_id = '${id}' AND version = 5`)
    )

    law(
      "G7",
      "an order without a history",
      "Shipped",
      ({ id }) => past(`DELETE FROM "order".order_transitions WHERE order_id = '${id}'`)
    )

    law("G8", "goods that are still held for an order that is over", "Cancelled", ({ id }) =>
      execute(
        `UPDATE inventory.reservations SET status = 'Active', released_by = NULL WHERE order_id = '${id}'`
      ))

    law(
      "G9",
      "a message that a listener never handled",
      "Shipped",
      ({ id }) =>
        execute(`DELETE FROM warehouse.processed_messages
        WHERE message_id = (SELECT message_id FROM "order".outbox WHERE type = 'order.paid.v1' AND subject = '${id}')`),
      () => ["order.paid.v1", "not handled by warehouse"]
    )

    law(
      "G9",
      "a message that was never said",
      "Shipped",
      ({ id }) =>
        execute(`
        UPDATE warehouse.relay_lease SET holder = 'nobody', expires_at = now() + interval '1 hour';
        INSERT INTO warehouse.outbox_unsent SELECT seq FROM warehouse.outbox
        WHERE type = 'warehouse.shipped.v1' AND subject = '${id}'`),
      () => ["warehouse.shipped.v1", "was not published"]
    )

    law(
      "G11",
      "a message that waits for a person",
      "Shipped",
      ({ id }) =>
        execute(`INSERT INTO payment.parked_messages (consumer, message_id, type, subject, envelope, reason, attempts)
        VALUES ('payment', '${id}', 'order.cancelled.v1', '${id}', '', 'spoilt', 1)`)
    )

    law(
      "G12",
      "a key without its answer",
      "Shipped",
      ({ id }) =>
        execute(`UPDATE "order".idempotency_keys SET body = NULL WHERE body LIKE '%${id}%';
        UPDATE "order".idempotency_keys SET key = '${id}' WHERE body IS NULL`)
    )

    law(
      "G13",
      "a message without a cause",
      "Shipped",
      ({ id }) =>
        execute(`UPDATE "order".outbox SET envelope = jsonb_set(envelope::jsonb, '{causationid}', '"${v7()}"')::text
        WHERE type = 'order.paid.v1' AND subject = '${id}'`),
      () => ["order.paid.v1"]
    )

    law(
      "G14",
      "an attempt whose intent the provider does not know",
      "Shipped",
      ({ id }) => execute(`UPDATE payment.payment_attempts SET intent_id = 'pi_nobodys' WHERE order_id = '${id}'`)
    )

    law(
      "G15",
      "an order whose time is over and that did not end",
      "Reserved",
      ({ id }) => execute(`UPDATE "order".orders SET hold_until = now() - interval '1 minute' WHERE order_id = '${id}'`)
    )

    law(
      "G15",
      "a payment that is still under way for an order that is over",
      "Shipped",
      ({ id }) =>
        execute(`UPDATE payment.payments SET status = 'Cancelling', taken_amount = NULL, taken_currency = NULL
        WHERE order_id = '${id}'`)
    )

    law(
      "M4",
      "a refund that the order counts and that no step of it tells of",
      "Shipped",
      ({ id }) => execute(`UPDATE "order".orders SET refunded_amount = 1 WHERE order_id = '${id}'`)
    )

    law(
      "R1",
      "a list that says otherwise than the order",
      "Reserved",
      ({ id }) => execute(`UPDATE "order".order_summaries SET status = 'Draft' WHERE order_id = '${id}'`)
    )

    it.effect("and no law is missing here", () =>
      Effect.sync(() =>
        assert.deepStrictEqual([...shown].toSorted(), [...new Set(laws.map(({ id }) => id))].toSorted())
      ))
  }
)
