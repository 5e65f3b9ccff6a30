import type { PgClient } from "@effect/sql-pg/PgClient"
import { assert, layer } from "@effect/vitest"
import { OrderView } from "@quartet/contracts/OrderView"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { demand } from "quartet/Shop"
import { v7 } from "uuid"
import { superuser } from "../support/Rows.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"

interface Parked {
  readonly subject: string
  readonly reason: string
  readonly attempts: number
}

const parkedBy = (sql: PgClient, consumer: string) =>
  sql<Parked>`
    SELECT subject, reason, attempts FROM inventory.parked_messages
    WHERE consumer = ${consumer} AND replayed_at IS NULL AND discarded_at IS NULL ORDER BY parked_id`

const replayAll = (sql: PgClient) =>
  sql`
    UPDATE inventory.parked_messages SET replay_requested_at = now()
    WHERE replayed_at IS NULL AND discarded_at IS NULL`

/** The order service says this, whatever it is. */
const say = (sql: PgClient, subject: string, envelope: string) =>
  sql`
    WITH appended AS (
      INSERT INTO "order".outbox (message_id, type, subject, envelope)
      VALUES (${v7()}, 'order.placed.v1', ${subject}, ${envelope}) RETURNING seq
    )
    INSERT INTO "order".outbox_unsent SELECT seq FROM appended`

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("a message that cannot be handled", (it) => {
  it.effect("is set aside at once with its reason when it cannot be read, and the others go on (H131, H144)", () =>
    Effect.gen(function*() {
      const sql = yield* superuser
      const customer = yield* newCustomer
      const sku = yield* newProduct(10)
      yield* say(sql, "nonsense", "this is no JSON \u0001")
      yield* say(sql, "no envelope", `{"type":"order.placed.v1"}`)
      const order = yield* Customer.place(customer, sku, 1)
      assert.strictEqual(order.status, "Reserved")
      const parked = yield* until(parkedBy(sql, "inventory"), (rows) => rows.length === 2)
      for (const { attempts, reason } of parked) {
        assert.include(reason, "Not an envelope")
        assert.strictEqual(attempts, 1)
      }
      // A person gives them up: there is no better answer to nonsense.
      yield* sql`UPDATE inventory.parked_messages SET discarded_at = now(), discarded_because = 'nonsense'`
      yield* sql`DELETE FROM "order".outbox WHERE subject IN ('nonsense', 'no envelope')`
      yield* pay(customer, order)
      yield* becomes(customer, order, "Shipped")
    }).pipe(Effect.scoped))

  it.effect("is set aside after its attempts when it always fails; repaired, it is replayed, also twice (H131, H135)", () =>
    Effect.gen(function*() {
      const sql = yield* superuser
      const customer = yield* newCustomer
      const sku = yield* newProduct(10)
      const cursed = yield* newProduct(10)
      yield* sql.unsafe(`
        CREATE FUNCTION inventory.curse() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN IF NEW.sku = '${cursed}' THEN RAISE EXCEPTION 'this row is cursed'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER curse BEFORE INSERT ON inventory.reservation_lines FOR EACH ROW EXECUTE FUNCTION inventory.curse()`)
      const { id } = yield* demand({
        method: "POST",
        url: `${customer.url}/orders`,
        token: customer.token,
        body: { lines: [{ sku: cursed, quantity: 1 }] }
      }, OrderView)
      // Meanwhile the others go on, in whatever batch they met it.
      const others = yield* Effect.all(Array.from({ length: 10 }, () => Customer.place(customer, sku, 1)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(others.map(({ status }) => status), others.map(() => "Reserved"))

      const [parked] = yield* until(parkedBy(sql, "inventory"), (rows) => rows.length === 1)
      assert.strictEqual(parked?.subject, id)
      assert.strictEqual(parked?.attempts, 5)
      assert.include(parked?.reason, "this row is cursed")

      // Replayed too soon it fails again, and waits on.
      yield* replayAll(sql)
      yield* until(parkedBy(sql, "inventory"), ([row]) => (row?.attempts ?? 0) > 5)
      yield* sql`DROP TRIGGER curse ON inventory.reservation_lines`
      yield* replayAll(sql)
      const order = yield* becomes(customer, { id }, "Reserved")
      yield* until(parkedBy(sql, "inventory"), (rows) => rows.length === 0)

      // Once more, as if nobody knew that it was done.
      yield* sql`UPDATE inventory.parked_messages SET replayed_at = NULL WHERE subject = ${id}`
      yield* replayAll(sql)
      yield* until(parkedBy(sql, "inventory"), (rows) => rows.length === 0)
      yield* pay(customer, order)
      yield* becomes(customer, order, "Shipped")
      yield* Effect.forEach(others, (other) => Customer.cancel(customer, other), { concurrency: 4 })
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    }).pipe(Effect.scoped))
})
