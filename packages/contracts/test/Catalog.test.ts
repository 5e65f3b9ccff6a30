import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { catalog, compensations, consumers, definitionOf, subscriptions } from "../src/Catalog.ts"
import * as Inventory from "../src/InventoryMessages.ts"
import * as Order from "../src/OrderMessages.ts"
import * as Payment from "../src/PaymentMessages.ts"
import * as Warehouse from "../src/WarehouseMessages.ts"

const speakers = Object.entries({ order: Order, payment: Payment, inventory: Inventory, warehouse: Warehouse })

/** What a speaker's file defines: a message is whatever can be said. */
const definedIn = (module: object) => Object.values(module).filter(isMessage).map(({ type }) => type)

const isMessage = Schema.is(Schema.Struct({ type: Schema.String, timer: Schema.Boolean, speaker: Schema.String }))

const servicesHearing = (type: string) =>
  Option.match(definitionOf(type), {
    onNone: () => [],
    onSome: ({ heardBy }) => heardBy.map((consumer) => consumers[consumer])
  })

const speakerOf = (type: string) => type.slice(0, type.indexOf("."))

describe("Catalog", () => {
  it("holds every message that a speaker's file defines, once, and no other", () => {
    assert.sameMembers(
      catalog.map(({ definition }) => definition.type),
      speakers.flatMap(([, module]) => definedIn(module))
    )
  })

  it.each(speakers)("keeps in the file of %s only what it says itself", (speaker, module) => {
    assert.isNotEmpty(definedIn(module))
    for (const type of definedIn(module)) assert.strictEqual(speakerOf(type), speaker)
  })

  it.each(catalog)("gives $definition.type a name of the form speaker.fact.version", ({ definition }) => {
    assert.match(definition.type, /^(order|payment|inventory|warehouse)\.[a-z]+(_[a-z]+)*\.v[1-9][0-9]*$/)
  })

  it.each(catalog)("has somebody hear $definition.type, nobody twice", ({ definition, heardBy }) => {
    const listeners = subscriptions.filter(({ types }) => types.includes(definition.type)).map(({ consumer }) =>
      consumer
    )
    assert.isNotEmpty(listeners)
    assert.sameMembers(listeners, [...heardBy])
  })

  it("has every consumer subscribe once, and to messages that somebody says", () => {
    assert.sameMembers(subscriptions.map(({ consumer }) => consumer), Object.keys(consumers))
    for (const { types } of subscriptions) {
      assert.isNotEmpty(types)
      assert.strictEqual(new Set(types).size, types.length)
      for (const type of types) assert.isTrue(Option.isSome(definitionOf(type)), type)
    }
  })

  it("keeps timers and the read model's messages within their own service", () => {
    const own = catalog.filter(({ definition }) => definition.timer)
    assert.isNotEmpty(own)
    for (const { definition } of own) assert.deepStrictEqual(servicesHearing(definition.type), [definition.speaker])
  })

  it("sends everything else to some other service", () => {
    for (const { definition } of catalog) {
      if (definition.timer) continue
      assert.notInclude(servicesHearing(definition.type), definition.speaker)
    }
  })

  it("lets exactly the messages that are due, and those of the read model, go without order", () => {
    for (const { definition } of catalog) {
      const isOwn = definition.type.endsWith("_due.v1") || definition.type === "order.summary_changed.v1"
      assert.strictEqual(definition.timer, isOwn)
    }
  })

  it("has a compensation for every failure, once", () => {
    const failures = catalog.map(({ definition }) => definition.type)
      .filter((type) => /(failed|rejected|refused|cancelled)\.v\d+$/.test(type))
    assert.sameMembers(compensations.map(({ failure }) => failure), failures)
  })

  it.each(compensations)("lets those who compensate $failure hear of it", ({ failure, remedy }) => {
    if (remedy.by === "operator") {
      assert.isNotEmpty(remedy.because)
      return
    }
    for (const type of remedy.types) {
      assert.isTrue(Option.isSome(definitionOf(type)), type)
      assert.include(servicesHearing(failure), speakerOf(type))
    }
  })

  it("releases stock on a failed payment without the order's help", () => {
    assert.include(servicesHearing("payment.failed.v1"), "inventory")
  })
})
