import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import { OrderId } from "@quartet/contracts/Ids"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import type { Answer } from "@quartet/messaging/KeyClaim"
import { MessageId } from "@quartet/messaging/Message"
import * as Messaging from "@quartet/messaging/Messaging"
import type { Submission } from "@quartet/messaging/Submission"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { v7 } from "uuid"
import * as Actor from "../../src/Actor.ts"
import type { OrderCommand } from "../../src/domain/Command.ts"
import { Pay, Place, RecordPayment, RecordReservation } from "../../src/domain/Command.ts"
import type { State } from "../../src/domain/State.ts"
import { migrations } from "../../src/Migrations.ts"
import * as Repository from "../../src/Repository.ts"
import * as Summaries from "../../src/Summaries.ts"
import * as Views from "../../src/Views.ts"
import * as Watching from "../../src/Watching.ts"
import * as O from "./Orders.ts"

/** A price list of two products. */
const priceList = Layer.effectDiscard(
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`INSERT INTO products (sku, name, price_amount, price_currency, updated_at)
      VALUES ('TEA', 'The TEA', 890, 'EUR', now()), ('POT', 'The POT', 5900, 'EUR', now()),
        ('YEN', 'The YEN', 500, 'JPY', now())`
  )
)

/** The actors on what they keep, without doors and without a broker. */
export const actors = Layer.mergeAll(Actor.layer, Summaries.actorLayer).pipe(
  Layer.provideMerge(Layer.mergeAll(Repository.layer, Watching.layer)),
  Layer.provideMerge(Views.layer),
  Layer.provideMerge(Messaging.layer)
)

/** A database of its own, with a price list. */
export const database = () => Layer.provideMerge(priceList, PostgresTest.layer({ service: "order", migrations }))

/** The command as it comes in a message of its own. */
export const heard = (command: OrderCommand, id: string = v7()): Submission<OrderCommand, State> => ({
  command,
  by: "test",
  origin: {
    _tag: "Message",
    received: { messageId: MessageId.make(id), type: "t", subject: command.orderId, digest: "00" }
  },
  lineage: { causationId: id, correlationId: id }
})

/** The command as a request asks for it. */
export const asked = (command: OrderCommand): Submission<OrderCommand, State> => ({
  command,
  by: O.customerId,
  origin: { _tag: "Request" },
  lineage: { causationId: v7(), correlationId: v7() }
})

/** The command as a request with an Idempotency-Key asks for it. */
export const keyed = (
  command: OrderCommand,
  key: string,
  answer: (state: State) => Answer = ({ _tag }) => ({ status: 202, headers: {}, body: _tag })
): Submission<OrderCommand, State> => ({
  ...asked(command),
  origin: { _tag: "KeyedRequest", claim: { owner: O.customerId, key, fingerprint: "f", open: Option.none() }, answer }
})

/** The same commands for an order of its own. */
export const fresh = () => {
  const orderId = OrderId.make(v7())
  return {
    orderId,
    place: Place.make({ ...O.place, orderId }),
    reserve: RecordReservation.make({ orderId }),
    pay: Pay.make({ ...O.pay, orderId }),
    paid: RecordPayment.make({ ...O.paid, orderId }),
    about: <C extends OrderCommand>(command: C) => ({ ...command, orderId })
  }
}

/** Takes an order through commands, one after the other. */
export const through = Effect.fnUntraced(function*(commands: ReadonlyArray<OrderCommand>) {
  const actor = yield* Actor.OrderActor
  return yield* actor.submit(commands.map((command) => heard(command)))
})

/** How many rows a table has for the order. */
export const countOf = Effect.fnUntraced(function*(table: string, orderId: string, column = "order_id") {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT 1 FROM ${sql(table)} WHERE ${sql(column)}::text = ${orderId}`
  return rows.length
})

/** The types of what was said about the order, in order. */
export const said = Effect.fnUntraced(function*(orderId: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ type: string }>`SELECT type FROM outbox WHERE subject = ${orderId} ORDER BY seq`
  return rows.map(({ type }) => type).filter((type) => type !== "order.summary_changed.v1")
})

/** Holds an order's row, as another replica's batch would, until it is released. */
export const held = Effect.fnUntraced(function*(orderId: string) {
  const sql = yield* SqlClient.SqlClient
  const taken = yield* Deferred.make<void>()
  const released = yield* Deferred.make<void>()
  const holding = sql`SELECT 1 FROM orders WHERE order_id = ${orderId} FOR UPDATE`.pipe(
    Effect.zipRight(Deferred.succeed(taken, undefined)),
    Effect.zipRight(Deferred.await(released)),
    sql.withTransaction
  )
  const fiber = yield* Effect.fork(holding)
  yield* Deferred.await(taken)
  return { release: Effect.zipRight(Deferred.succeed(released, undefined), Fiber.join(fiber)) }
})

/** Waits until a transaction of this database waits for another. */
export const untilSomebodyWaits: Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient> = Effect.suspend(() =>
  Effect.flatMap(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    ),
    (rows) => rows.length > 0 ? Effect.void : Effect.delay(untilSomebodyWaits, "10 millis")
  )
)
