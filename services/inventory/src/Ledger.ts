import type { SqlClient, Statement } from "@effect/sql"
import type { Step } from "@quartet/messaging/Behaviour"
import { changed } from "@quartet/messaging/Changed"
import { textOf } from "@quartet/messaging/Json"
import { HashMap, Option } from "effect"
import type { InventoryCommand } from "./domain/Command.ts"
import type { InventoryEvent } from "./domain/Event.ts"
import type { Inventory, Stock } from "./domain/State.ts"
import { movementsOf, nothingOf } from "./domain/State.ts"

/** One event of the inventory, and the slice before and after it. */
export type InventoryStep = Step<Inventory, InventoryCommand, InventoryEvent, Option.Option<Stock>>

/** What the steps moved, in their order, as the text of one statement's parameter. */
const encodeMovements = (steps: ReadonlyArray<InventoryStep>): string =>
  textOf(steps.flatMap(({ at, event, submission }) =>
    movementsOf(event).map((movement) => ({
      ...movement,
      cause: submission.lineage.causationId,
      actor: submission.by,
      at
    }))
  ))

/**
 * What the steps made of the levels, as differences to what was loaded: a level is changed by its movements and never
 * written over (H94).
 */
const encodeLevels = (steps: ReadonlyArray<InventoryStep>, after: Inventory): string => {
  const touched = steps.flatMap(({ before, event }) =>
    movementsOf(event).map(({ sku }) => ({ key: sku, before: before.stock }))
  )
  const loaded = Option.map(Option.fromNullable(steps[0]), ({ before }) => before.stock)
  return textOf(
    changed(touched, after.stock).map(({ isNew, key, state }) => {
      const from = Option.getOrElse(Option.flatMap(loaded, HashMap.get(key)), () => nothingOf(key))
      return {
        sku: key,
        received: state.received - from.received,
        onHand: state.onHand - from.onHand,
        reserved: state.reserved - from.reserved,
        version: state.version - from.version,
        isNew
      }
    })
  )
}

/** Levels and ledger as parts of the statement that saves the batch. */
export const writes = (
  sql: SqlClient.SqlClient,
  steps: ReadonlyArray<InventoryStep>,
  after: Inventory
): Statement.Fragment =>
  sql`
    level AS (
      SELECT * FROM json_to_recordset(${encodeLevels(steps, after)}::json) AS r (
        sku text, received bigint, "onHand" bigint, reserved bigint, version bigint, "isNew" boolean)
    ), begun AS (
      INSERT INTO stock (sku, received, on_hand, reserved, version, updated_at)
      SELECT sku, received, "onHand", reserved, version, now() FROM level WHERE "isNew" ORDER BY sku
    ), moved AS (
      UPDATE stock AS s SET received = s.received + l.received, on_hand = s.on_hand + l."onHand",
        reserved = s.reserved + l.reserved, version = s.version + l.version, updated_at = now()
      FROM level AS l WHERE s.sku = l.sku AND NOT l."isNew"
    ), ledger AS (
      INSERT INTO stock_movements (sku, kind, quantity, order_id, receipt_id, cause, actor, at)
      SELECT sku, kind, quantity, "orderId", "receiptId", cause, actor, at
      FROM ROWS FROM (json_to_recordset(${encodeMovements(steps)}::json)
        AS (sku text, kind text, quantity bigint, "orderId" uuid, "receiptId" uuid, cause text, actor text,
          at timestamptz)) WITH ORDINALITY
        AS r (sku, kind, quantity, "orderId", "receiptId", cause, actor, at, position)
      ORDER BY position
    )`
