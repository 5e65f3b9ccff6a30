import { Clock, Context, Effect, Either, Layer, Option, Schema } from "effect"
import type { Tables } from "./Decision.ts"
import { EventRecord } from "./Event.ts"
import { expired, Remembered } from "./Idempotency.ts"
import * as Journal from "./Journal.ts"
import { ObjectRecord } from "./StripeObject.ts"

/**
 * One step of the ledger: it is kept whole or not at all. `settled` names events that need no further delivery, `again` those on record
 * that are to be delivered once more.
 */
export const Entry = Schema.Struct({
  put: Schema.optional(Schema.Array(ObjectRecord)),
  tell: Schema.optional(Schema.Array(EventRecord)),
  remember: Schema.optional(Remembered),
  settled: Schema.optional(Schema.Array(Schema.String)),
  again: Schema.optional(Schema.Array(Schema.String))
})
export type Entry = typeof Entry.Type

/**
 * The provider's own record, kept apart from the services. What `transact` decided is in the journal before it is in memory, and in
 * memory before anybody hears of it; no other step comes in between.
 */
export class Ledger extends Context.Tag("@quartet/stripe-simulator/Ledger")<Ledger, {
  readonly tables: Tables
  /** Answers by idempotency key, none of them older than they are kept. */
  readonly remembered: ReadonlyMap<string, Remembered>
  /** Events on record, delivered or not, oldest first: the last 20 000 of the last 30 days. */
  readonly told: ReadonlyMap<string, EventRecord>
  /** Events not yet delivered, oldest first. */
  readonly undelivered: ReadonlyMap<string, EventRecord>
  readonly transact: <A extends { readonly entry: Entry }>(
    decide: () => A
  ) => Effect.Effect<A, Journal.JournalUnavailable>
}>() {}

/** With a folder the ledger survives the death of the process; without one it lives in memory. */
export const layer = (dataFolder: Option.Option<string>): Layer.Layer<Ledger, Journal.JournalUnavailable> =>
  Layer.scoped(
    Ledger,
    Effect.gen(function*() {
      const state = empty()
      const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const journal = yield* Option.match(dataFolder, {
        onNone: () => Effect.succeed(Journal.memory),
        onSome: (folder) =>
          Journal.read(folder, (line) => apply(state, decode(line), now)).pipe(
            Effect.andThen(Effect.suspend(() => Journal.rewrite(folder, snapshot(state))))
          )
      })
      const journaled = Option.isSome(dataFolder)
      return Ledger.of({
        tables: state,
        remembered: state.remembered,
        told: state.told,
        undelivered: state.undelivered,
        transact: Effect.fn("Ledger.transact")((decide) =>
          Effect.flatMap(Clock.currentTimeMillis, (millis) => {
            const decided = decide()
            const written = journaled && !isEmpty(decided.entry)
              ? journal.append(encode(decided.entry))
              : Either.void
            return Either.map(written, () => {
              apply(state, decided.entry, Math.floor(millis / 1000))
              return decided
            })
          })
        )
      })
    })
  )

interface State extends Tables {
  readonly intents: Map<string, Extract<ObjectRecord, { _tag: "PaymentIntent" }>>
  readonly charges: Map<string, Extract<ObjectRecord, { _tag: "Charge" }>>
  readonly refunds: Map<string, Extract<ObjectRecord, { _tag: "Refund" }>>
  readonly disputes: Map<string, Extract<ObjectRecord, { _tag: "Dispute" }>>
  readonly methods: Map<string, Extract<ObjectRecord, { _tag: "PaymentMethod" }>>
  readonly remembered: Map<string, Remembered>
  readonly told: Map<string, EventRecord>
  readonly undelivered: Map<string, EventRecord>
}

const empty = (): State => ({
  intents: new Map(),
  charges: new Map(),
  refunds: new Map(),
  disputes: new Map(),
  methods: new Map(),
  remembered: new Map(),
  told: new Map(),
  undelivered: new Map()
})

const encode = Schema.encodeSync(Schema.parseJson(Entry))

/** We wrote these lines: one that does not decode means damage, and starting from half a ledger would be worse than not starting. */
const decode = Schema.decodeUnknownSync(Schema.parseJson(Entry))

const isEmpty = (entry: Entry): boolean =>
  [entry.put, entry.tell, entry.settled, entry.again].every((list) => (list?.length ?? 0) === 0) &&
  entry.remember === undefined

const apply = (state: State, entry: Entry, now: number): void => {
  for (const record of entry.put ?? []) {
    put(state, record)
  }
  for (const event of entry.tell ?? []) {
    state.undelivered.set(event.id, event)
    state.told.set(event.id, event)
  }
  for (const id of entry.again ?? []) {
    const event = state.told.get(id)
    if (event !== undefined) {
      state.undelivered.set(id, event)
    }
  }
  forgetTold(state.told, now)
  for (const id of entry.settled ?? []) {
    state.undelivered.delete(id)
  }
  if (entry.remember !== undefined) {
    state.remembered.delete(entry.remember.key)
    state.remembered.set(entry.remember.key, entry.remember)
    forget(state.remembered, now)
  }
}

const put = (state: State, record: ObjectRecord): void => {
  switch (record._tag) {
    case "PaymentIntent":
      state.intents.set(record.id, record)
      break
    case "Charge":
      state.charges.set(record.id, record)
      break
    case "Refund":
      state.refunds.set(record.id, record)
      break
    case "Dispute":
      state.disputes.set(record.id, record)
      break
    case "PaymentMethod":
      state.methods.set(record.id, record)
      break
  }
}

/** Answers are in the order in which they were given, so the expired ones are all in front. */
const forget = (remembered: Map<string, Remembered>, now: number): void => {
  for (const [key, answer] of remembered) {
    if (!expired(answer, now)) {
      return
    }
    remembered.delete(key)
  }
}

const toldLimit = 20_000

const toldSeconds = 30 * 24 * 60 * 60

const forgetTold = (told: Map<string, EventRecord>, now: number): void => {
  for (const [id, event] of told) {
    if (told.size <= toldLimit && event.created + toldSeconds > now) {
      return
    }
    told.delete(id)
  }
}

function* snapshot(state: State): Iterable<string> {
  for (const table of [state.methods, state.intents, state.charges, state.refunds, state.disputes]) {
    for (const record of table.values()) {
      yield encode({ put: [record] })
    }
  }
  for (const remember of state.remembered.values()) {
    yield encode({ remember })
  }
  for (const event of state.undelivered.values()) {
    if (!state.told.has(event.id)) {
      yield encode({ tell: [event] })
    }
  }
  for (const event of state.told.values()) {
    yield encode({ tell: [event], ...(state.undelivered.has(event.id) ? {} : { settled: [event.id] }) })
  }
}
