import { assert, describe, it } from "@effect/vitest"
import { definitionOf } from "@quartet/contracts/Catalog"
import { OrderId } from "@quartet/contracts/Ids"
import * as Trusted from "@quartet/contracts/Trusted"
import { eventsOf } from "@quartet/messaging/Decision"
import { Arbitrary, DateTime, Duration, Either, FastCheck, Option } from "effect"
import { WarehouseCommand } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { State } from "../src/domain/State.ts"
import { absent, evolve } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"

const now = DateTime.unsafeMake("2026-01-01T00:00:00Z")
const decided = decide({ dispatchAfter: Option.some(Duration.zero) })
const step = (state: State, command: WarehouseCommand): State =>
  eventsOf(decided(state, command, now)).reduce(evolve, state)

const orderId = OrderId.make("01890000-0000-7000-8000-000000000001")
const command = Arbitrary.make(WarehouseCommand).map((any): WarehouseCommand => Object.assign(any, { orderId }))
const history = FastCheck.array(command, { maxLength: 12 })

describe("whatever the warehouse hears, in any order", () => {
  it("asking again decides nothing more", () => {
    FastCheck.assert(
      FastCheck.property(history, command, (before, last) => {
        const state = step(before.reduce(step, absent), last)
        assert.deepStrictEqual(eventsOf(decided(state, last, now)), [])
      }),
      { numRuns: 500 }
    )
  })

  it("a final state stays final", () => {
    FastCheck.assert(
      FastCheck.property(history, history, (before, more) => {
        const state = before.reduce(step, absent)
        if (state._tag !== "Shipped" && state._tag !== "Stopped") return
        assert.strictEqual(more.reduce(step, state), state)
      }),
      { numRuns: 500 }
    )
  })

  it("what happened, what is then true and what is said of it hold what their fields say", () => {
    FastCheck.assert(
      FastCheck.property(history, (commands) => {
        let state: State = absent
        for (const next of commands) {
          const events = eventsOf(decided(state, next, now))
          for (const event of events) assert.isTrue(Trusted.isWhole(event), event._tag)
          for (const { data, type } of events.flatMap(say)) {
            assert.isTrue(Either.isRight(Option.getOrThrow(definitionOf(type)).read(data)), type)
          }
          state = step(state, next)
          assert.isTrue(Trusted.isWhole(state), state._tag)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("versions count the events without gaps", () => {
    FastCheck.assert(
      FastCheck.property(history, (commands) => {
        let state: State = absent
        let events = 0
        for (const next of commands) {
          events += eventsOf(decided(state, next, now)).length
          state = step(state, next)
        }
        assert.strictEqual(state._tag === "Absent" ? 0 : state.version, events)
      }),
      { numRuns: 500 }
    )
  })

  it("nothing is shipped that was not both paid and committed", () => {
    FastCheck.assert(
      FastCheck.property(history, (commands) => {
        const state = commands.reduce(step, absent)
        if (state._tag !== "Shipped") return
        assert.isTrue(commands.some(({ _tag }) => _tag === "NotePayment"))
        assert.isTrue(commands.some(({ _tag }) => _tag === "NoteStock"))
      }),
      { numRuns: 500 }
    )
  })
})
