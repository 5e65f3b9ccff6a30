import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Customer from "quartet/demo/Customer"
import { ask } from "quartet/Shop"
import { freePorts } from "../support/Addresses.ts"
import { purchases } from "../support/Purchase.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { execute } from "../support/Tables.ts"

class OpsUrl extends Context.Tag("@quartet/test/OpsUrl")<OpsUrl, string>() {}

const system = Layer.unwrapEffect(
  Effect.map(
    freePorts,
    ({ ops }) => Layer.merge(System.layer({ OPS_PORT: `${ops}` }), Layer.succeed(OpsUrl, `http://127.0.0.1:${ops}`))
  )
)

const readiness = Effect.flatMap(
  OpsUrl,
  (ops) => Effect.map(ask({ method: "GET", url: `${ops}/health/ready` }), ({ status }) => status)
)

/** As a fail-over does it: those who are connected find themselves at a server that takes no writes. */
const becomeReadOnly = `DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
END $$`

/** A disk that is full says so when a row is written; this trigger of every table says it in its place. */
const disk = (body: string) =>
  `CREATE OR REPLACE FUNCTION public.disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`

const onEveryTable = `DO $do$ DECLARE found regclass; BEGIN
  FOR found IN SELECT oid FROM pg_class WHERE relkind = 'r'
    AND relnamespace::regnamespace::text IN ('"order"', 'payment', 'inventory', 'warehouse')
  LOOP
    EXECUTE format('CREATE TRIGGER disk BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION public.disk()', found);
  END LOOP;
END $do$`

const stops = [
  {
    how: "is read-only",
    prepare: [],
    stop: [becomeReadOnly],
    // Nobody is cut off: sessions stay read-only until they are thrown away.
    resume: [`BEGIN READ WRITE; DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database());
    END $$; COMMIT`],
    isReady: false
  },
  {
    how: "has a full disk",
    prepare: [disk("RETURN NEW;"), onEveryTable],
    stop: [disk("RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';")],
    resume: [disk("RETURN NEW;")],
    isReady: true
  }
]

/** Tables are locked for a moment, and whoever works in them may be in the way. */
const run = (statements: ReadonlyArray<string>) =>
  Effect.forEach(statements, (statement) => Effect.retry(execute(statement), { times: 10 }), { discard: true })

describe.each(stops)("while the database $how", ({ isReady, prepare, resume, stop }) => {
  layer(Layer.fresh(system), { excludeTestServices: true, timeout: 150_000 })((it) => {
    it.effect("customers are told to come again, nothing is given up, and all goes on by itself afterwards (H159)", () =>
      Effect.gen(function*() {
        yield* run(prepare)
        const customer = yield* newCustomer
        const sku = yield* newProduct(10)
        const order = yield* Customer.place(customer, sku, 1)
        // One press, repeated with its key until it is answered.
        const press = pay(customer, order, "pm_card_visa", `press-${order.id}`)
        const paying = yield* Effect.fork(Effect.option(press))
        yield* run(stop)
        if (!isReady) yield* until(readiness, (status) => status === 503)
        const refused = yield* ask({
          method: "POST",
          url: `${customer.url}/orders`,
          token: customer.token,
          body: { lines: [{ sku, quantity: 1 }] }
        })
        assert.strictEqual(refused.status, 503)
        yield* paying
        yield* run(resume)
        yield* until(readiness, (status) => status === 200)
        yield* purchases
        // A key has one answer for good: 202 if it was taken before the writes stopped, 200 if the payment was decided by then.
        yield* until(press, ({ status }) => status === 200 || status === 202)
        yield* becomes(customer, order, "Shipped")
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }))
  })
})
