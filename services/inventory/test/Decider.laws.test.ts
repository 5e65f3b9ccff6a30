import { assert, describe, it } from "@effect/vitest"
import { catalog, definitionOf } from "@quartet/contracts/Catalog"
import { OrderId, Sku } from "@quartet/contracts/Ids"
import * as Trusted from "@quartet/contracts/Trusted"
import { eventsOf } from "@quartet/messaging/Decision"
import { Arbitrary, Either, FastCheck, HashMap, Option, Schema } from "effect"
import type { InventoryCommand } from "../src/domain/Command.ts"
import { Commit, Receive, Release, Reserve } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { InventoryEvent } from "../src/domain/Event.ts"
import type { Inventory } from "../src/domain/State.ts"
import { empty, evolve, movementsOf, reservationOf, versionOf } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"

/** A small world, so that histories meet: three SKUs that run out, and more orders than they can serve. */
const skus = ["a", "b", "c"].map((sku) => Sku.make(sku))
const orderIds = Array.from({ length: 9 }, (_, n) => OrderId.make(`01890000-0000-7000-8000-00000000000${n}`))

const orderId = FastCheck.constantFrom(...orderIds)
const lines = FastCheck.array(
  FastCheck.record({ sku: FastCheck.constantFrom(...skus), quantity: FastCheck.integer({ min: 1, max: 4 }) }),
  { minLength: 1, maxLength: 3 }
).map(Schema.decodeSync(Reserve.fields.lines))

const reserve = FastCheck.record({ orderId, lines }).map((fields) => Reserve.make(fields))
const commit = FastCheck.record({ orderId, lines }).map((fields) => Commit.make(fields))
const release = FastCheck.record({ orderId, cause: Arbitrary.make(Release.fields.cause) })
  .map((fields) => Release.make(fields))
const receive = FastCheck.record({
  sku: FastCheck.constantFrom(...skus),
  receiptId: Arbitrary.make(Receive.fields.receiptId),
  quantity: FastCheck.integer({ min: 1, max: 6 })
}).map((fields) => Receive.make(fields))

const aboutOrder: FastCheck.Arbitrary<InventoryCommand> = FastCheck.oneof(
  { arbitrary: reserve, weight: 4 },
  { arbitrary: commit, weight: 2 },
  { arbitrary: release, weight: 1 }
)
const command: FastCheck.Arbitrary<InventoryCommand> = FastCheck.oneof(
  { arbitrary: aboutOrder, weight: 7 },
  { arbitrary: receive, weight: 1 }
)
// Some goods mostly come first: in an empty house every order is refused, and refused orders stay so.
const history = FastCheck.tuple(
  FastCheck.array(receive, { maxLength: 6 }),
  FastCheck.array(command, { maxLength: 40, size: "max" })
).map(([receipts, commands]): ReadonlyArray<InventoryCommand> => [...receipts, ...commands])

interface Told {
  readonly inventory: Inventory
  readonly events: ReadonlyArray<InventoryEvent>
}

const tell = ({ events, inventory }: Told, next: InventoryCommand): Told => {
  const more = eventsOf(decide(inventory, next))
  return { inventory: more.reduce(evolve, inventory), events: [...events, ...more] }
}

const nothingYet: Told = { inventory: empty, events: [] }

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, each) => total + each, 0)

/** What all orders of one status have of the SKU. */
const held = ({ reservations }: Inventory, status: "Active" | "Committed", sku: Sku) =>
  sum(
    HashMap.toValues(reservations).flatMap((one) => one._tag === status ? one.shares : [])
      .flatMap((share) => share.sku === sku ? [share.quantity] : [])
  )

/** Checks every intermediate state of generated histories, and fails if none was ever interesting. */
const always = (property: (told: Told, next: InventoryCommand) => void) =>
  FastCheck.assert(
    FastCheck.property(history, (commands) => {
      let told = nothingYet
      for (const next of commands) {
        property(told, next)
        told = tell(told, next)
      }
    }),
    { numRuns: 500 }
  )

describe("whatever the inventory hears, in any order", () => {
  it("stock is conserved: what arrived is on hand or committed, and what is held is the sum of what orders hold (G5)", () => {
    let seen = 0
    always(({ inventory }) => {
      for (const { onHand, received, reserved, sku } of HashMap.values(inventory.stock)) {
        assert.strictEqual(received, onHand + held(inventory, "Committed", sku))
        assert.strictEqual(reserved, held(inventory, "Active", sku))
        seen += reserved + received - onHand
      }
    })
    assert.isAbove(seen, 0)
  })

  it("nothing is ever negative or promised twice (G6, H86)", () =>
    always(({ inventory }) => {
      for (const { onHand, received, reserved } of HashMap.values(inventory.stock)) {
        assert.isAtLeast(reserved, 0)
        assert.isAtLeast(onHand, reserved)
        assert.isAtLeast(received, onHand)
      }
    }))

  it("what happened, what is then true and what is said of it hold what their fields say", () =>
    always(({ inventory }, next) => {
      const events = eventsOf(decide(inventory, next))
      const reservations = HashMap.values(events.reduce(evolve, inventory).reservations)
      for (const made of [...events, ...reservations]) assert.isTrue(Trusted.isWhole(made), made._tag)
      for (const { data, type } of events.flatMap(say)) {
        assert.isTrue(Either.isRight(Option.getOrThrow(definitionOf(type)).read(data)), type)
      }
    }))

  it("levels are the sum of the ledger, and versions count its lines", () =>
    always(({ events, inventory }) => {
      const ledger = events.flatMap(movementsOf)
      for (const { onHand, reserved, sku, version } of HashMap.values(inventory.stock)) {
        const mine = ledger.filter((movement) => movement.sku === sku)
        const of = (kind: string) => sum(mine.flatMap((each) => each.kind === kind ? [each.quantity] : []))
        assert.strictEqual(onHand, of("receipt") + of("return") - of("commit"))
        assert.strictEqual(reserved, of("reserve") - of("release") - of("commit"))
        assert.strictEqual(version, mine.length)
      }
    }))

  it("an order has every share it asked for, or none (H87)", () =>
    always(({ events, inventory }) => {
      const ledger = events.flatMap(movementsOf)
      for (const id of orderIds) {
        const state = reservationOf(inventory, id)
        if (state._tag !== "Active" && state._tag !== "Committed") continue
        for (const { quantity, sku } of state.shares) {
          const mine = ledger.filter((each) => each.orderId === id && each.sku === sku)
          const of = (kind: string) => sum(mine.flatMap((each) => each.kind === kind ? [each.quantity] : []))
          assert.strictEqual(of("reserve") - of("release") - of("return"), quantity)
        }
      }
    }))

  it("asking again about an order decides nothing more", () =>
    FastCheck.assert(
      FastCheck.property(history, aboutOrder, (before, last) => {
        const { inventory } = tell(before.reduce(tell, nothingYet), last)
        assert.deepStrictEqual(eventsOf(decide(inventory, last)), [])
      }),
      { numRuns: 1000 }
    ))

  it("an order that is over never holds anything again (H33, H89)", () =>
    FastCheck.assert(
      FastCheck.property(
        history,
        FastCheck.constantFrom("order_cancelled", "order_failed"),
        history,
        (before, cause, more) => {
          const [id] = orderIds
          assert(id !== undefined)
          const over = tell(
            before.reduce(tell, nothingYet),
            Schema.decodeUnknownSync(Release)({
              _tag: "Release",
              orderId: id,
              cause
            })
          )
          const state = reservationOf(over.inventory, id)
          // A refused order was not told that it is over; it may only be paid by a contradiction.
          if (state._tag === "Refused") return
          const { inventory } = more.reduce(tell, over)
          assert.include(["Released", "Lost"], reservationOf(inventory, id)._tag)
          assert.deepStrictEqual(reservationOf(inventory, id), state)
        }
      ),
      { numRuns: 1000 }
    ))

  it("the versions of a reservation count its events, and its shares never change", () =>
    always((told, next) => {
      const { events, inventory } = tell(told, next)
      for (const id of orderIds) {
        const [before, after] = [reservationOf(told.inventory, id), reservationOf(inventory, id)]
        assert.strictEqual(
          versionOf(after),
          events.filter((event) => "orderId" in event && event.orderId === id).length
        )
        if (before._tag === "Absent" || before.shares.length === 0) continue
        assert.deepStrictEqual("shares" in after ? after.shares : [], before.shares)
      }
    }))

  it("what is said can be heard again (H177)", () =>
    always((told, next) => {
      for (const message of eventsOf(decide(told.inventory, next)).flatMap(say)) {
        const entry = catalog.find(({ definition }) => definition.type === message.type)
        assert(entry !== undefined)
        assert.deepStrictEqual(Either.getOrThrow(entry.read(message.data)), message)
      }
    }))
})
