import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId } from "@quartet/contracts/Ids"
import type { Step } from "@quartet/messaging/Behaviour"
import type { Changed } from "@quartet/messaging/Changed"
import { changed } from "@quartet/messaging/Changed"
import { textOf } from "@quartet/messaging/Json"
import { lockOrders } from "@quartet/messaging/RowLocks"
import type { Transaction } from "@quartet/messaging/Transaction"
import { inOneGo } from "@quartet/messaging/Transaction"
import { transitionsOf } from "@quartet/messaging/Transition"
import type { Write } from "@quartet/messaging/Write"
import { Context, Effect, HashMap, HashSet, Layer, Option, Schema } from "effect"
import type { Books, BooksCommand, BooksEvent } from "./domain/Books.ts"
import { orderOf, paymentOf } from "./domain/Books.ts"
import type { PaymentEvent } from "./domain/Event.ts"
import { EventHeard, ProviderEvent, ProviderEventId } from "./domain/ProviderEvent.ts"
import { CallPutOff } from "./domain/PutOff.ts"
import { returned } from "./domain/Refund.ts"
import type { State } from "./domain/State.ts"
import { openedOf, Payment, versionOf } from "./domain/State.ts"
import { keepBooks } from "./internal/keepBooks.ts"
import { paymentJson } from "./internal/paymentJson.ts"

export type BooksStep = Step<Books, BooksCommand, BooksEvent, State>

/** How payments are kept: a row each, its attempt and refunds, a row for every transition, and the provider's events. */
export class PaymentRepository extends Context.Tag("@quartet/payment/PaymentRepository")<PaymentRepository, {
  /** What these commands are about: the known payments, locked in order of their order ids, and the events on record. */
  readonly load: (commands: ReadonlyArray<BooksCommand>) => Effect.Effect<Books, SqlError.SqlError, Transaction>
  /** Inserts or updates what the steps changed, and appends transitions and events, in one statement. */
  readonly save: (steps: ReadonlyArray<BooksStep>, after: Books) => Write
}>() {}

const makeLoad = (sql: SqlClient.SqlClient) => {
  const lock = lockOrders(sql, "payments")
  const payments = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(OrderId)),
    Result: Schema.Struct({ payment: Payment }),
    execute: (ids) =>
      sql`
        SELECT ${sql.literal(paymentJson)} AS payment
        FROM payments AS p LEFT JOIN payment_attempts AS a USING (order_id, attempt)
        WHERE p.order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))
        ORDER BY p.order_id`
  })
  const events = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(ProviderEventId)),
    Result: Schema.Struct({ eventId: ProviderEventId }),
    execute: (ids) =>
      sql`
        SELECT event_id AS "eventId" FROM provider_events
        WHERE event_id = ANY (ARRAY(SELECT value FROM json_array_elements_text(${ids}::json)))`
  })
  return Effect.fnUntraced(
    function*(commands: ReadonlyArray<BooksCommand>) {
      const ids = commands.flatMap((command) => Option.toArray(orderOf(command)))
      const eventIds = commands.flatMap((command) => command._tag === "HearEvent" ? [command.event.eventId] : [])
      const [, [found, heard]] = yield* inOneGo(
        ids.length === 0 ? Effect.void : lock(ids),
        inOneGo(
          ids.length === 0 ? Effect.succeed([]) : payments(ids),
          eventIds.length === 0 ? Effect.succeed([]) : events(eventIds)
        )
      )
      return {
        payments: HashMap.fromIterable(found.map(({ payment }): [OrderId, State] => [payment.orderId, payment])),
        heard: HashSet.fromIterable(heard.map(({ eventId }) => eventId))
      }
    },
    Effect.catchTag("ParseError", Effect.die) // we wrote these rows: unreadable means a bug
  )
}

const PaymentRow = Schema.Struct({
  isNew: Schema.Boolean,
  state: Payment,
  returned: Schema.Int,
  knownRefunds: Schema.Array(Schema.String)
})
const encodePayments = Schema.encodeSync(Schema.parseJson(Schema.Array(PaymentRow)))

const toRow =
  (first: Books) => ({ isNew, key, state }: Changed<OrderId, State>): ReadonlyArray<typeof PaymentRow.Type> => {
    if (state._tag === "Absent") return []
    const before = openedOf(paymentOf(first, key))
    const hasMoney = state._tag === "Succeeded" || state._tag === "Mismatched"
    return [{
      isNew,
      state,
      returned: hasMoney ? returned(state.refunds, state.intentId) : 0,
      knownRefunds: Option.match(before, { onNone: () => [], onSome: ({ refunds }) => refunds.map((r) => r.refundId) })
    }]
  }

const EventRow = Schema.Struct({ ...ProviderEvent.fields, reason: Schema.OptionFromNullOr(Schema.String) })
const encodeEvents = Schema.encodeSync(Schema.parseJson(Schema.Array(EventRow)))

const isHeard = Schema.is(EventHeard)
const isPutOff = Schema.is(CallPutOff)

const makeSave = (sql: SqlClient.SqlClient) => (steps: ReadonlyArray<BooksStep>, after: Books) => {
  const first = steps[0]?.before ?? after
  const heard = steps.flatMap(({ event }) => isHeard(event) ? [{ ...event.event, reason: event.reason }] : [])
  const paid = steps.flatMap(({ event, ...step }) => isHeard(event) || isPutOff(event) ? [] : [{ ...step, event }])
  const touched = paid.map(({ before, event }) => ({ key: event.orderId, before: before.payments }))
  const statusIn = (books: Books, { orderId }: PaymentEvent) => paymentOf(books, orderId)._tag
  const transitions = transitionsOf(paid, (step) => ({
    key: step.event.orderId,
    version: versionOf(paymentOf(step.after, step.event.orderId)),
    from: statusIn(step.before, step.event),
    to: statusIn(step.after, step.event)
  }))
  return keepBooks(sql, {
    payments: encodePayments(changed(touched, after.payments).flatMap(toRow(first))),
    transitions: textOf(transitions),
    events: encodeEvents(heard)
  })
}

export const layer = Layer.effect(
  PaymentRepository,
  Effect.map(SqlClient.SqlClient, (sql) => PaymentRepository.of({ load: makeLoad(sql), save: makeSave(sql) }))
)
