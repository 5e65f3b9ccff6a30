import { Reactivity } from "@effect/experimental"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Database } from "@quartet/hosting/Database"
import { Effect, Option } from "effect"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { countOf } from "./support/Service.ts"

/** The service's role is cut off and kept out until the second effect lets it in again. */
const outage = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ role: string }>`SELECT current_user AS role`
  const role = row?.role ?? ""
  const admin = yield* PgClient.make({ url: Option.getOrThrow((yield* Database).admin), maxConnections: 1 })
  return {
    begin: Effect.zipRight(
      admin`ALTER ROLE ${admin(role)} CONNECTION LIMIT 0`,
      admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${role}`
    ),
    end: admin`ALTER ROLE ${admin(role)} CONNECTION LIMIT -1`
  }
})

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("while the database is away", (it) => {
  it.scoped("the edge answers 503 and keeps nothing by halves, and works again afterwards (H17)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const { begin, end } = yield* outage
      const asks = [
        E.call("POST", "/orders", { as, key: "o", body: E.tea }),
        E.call("POST", `/orders/${id}/pay`, { as, key: "p", body: E.card }),
        E.call("GET", `/orders/${id}`, { as }),
        E.call("GET", `/orders/${id}/history`, { as }),
        E.call("GET", "/orders", { as }),
        E.call("GET", "/products")
      ]
      yield* begin
      for (const ask of asks) {
        const reply = yield* ask
        assert.strictEqual(E.problem(reply), "503 unavailable")
        assert.strictEqual(reply.headers["retry-after"], "1")
      }
      yield* end
      assert.strictEqual(yield* countOf("order_transitions", id), 2)
      assert.deepStrictEqual(yield* Effect.all(asks.map((ask) => Effect.map(ask, ({ status }) => status))), [
        201,
        202,
        200,
        200,
        200,
        200
      ])
    }).pipe(Effect.provide(Reactivity.layer)))
})
