import { assert, describe, layer } from "@effect/vitest"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Effect } from "effect"
import { purchases } from "../support/Purchase.ts"
import { brokenAtRest } from "../support/Shop.ts"
import * as System from "../support/System.ts"

/** For every session in the database, whoever's it is: what a role or a session does not say for itself. */
const set = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => `ALTER DATABASE %I SET ${name} = ${value}`)

const odd: ReadonlyArray<PostgresTest.DatabaseOptions & { readonly name: string }> = [
  {
    name: "writes values in another way",
    statements: set({
      datestyle: "'German, DMY'",
      timezone: "'Asia/Kathmandu'",
      intervalstyle: "'sql_standard'",
      bytea_output: "'escape'",
      extra_float_digits: "'-15'",
      xmloption: "'document'",
      lc_monetary: "'C'"
    })
  },
  {
    name: "reads statements in another way",
    statements: set({
      standard_conforming_strings: "off",
      array_nulls: "off",
      transform_null_equals: "on",
      backslash_quote: "on",
      row_security: "off",
      search_path: "pg_catalog, public",
      client_min_messages: "'debug1'"
    })
  },
  {
    name: "isolates and limits transactions in another way",
    statements: set({
      default_transaction_isolation: "'serializable'",
      default_transaction_deferrable: "on",
      synchronous_commit: "off",
      statement_timeout: "'1s'",
      lock_timeout: "'1s'",
      idle_in_transaction_session_timeout: "'1s'",
      idle_session_timeout: "'1s'"
    })
  },
  {
    name: "compiles every plan, and plans in another way",
    statements: set({
      jit: "on",
      jit_above_cost: "0",
      jit_inline_above_cost: "0",
      jit_optimize_above_cost: "0",
      enable_indexscan: "off",
      enable_nestloop: "off",
      plan_cache_mode: "force_custom_plan"
    })
  },
  { name: "has another collation than its server", as: "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'" }
]

describe.each(odd)("a database that $name", (options) => {
  layer(System.layerOn(PostgresTest.databaseWith(options)), { excludeTestServices: true, timeout: 150_000 })((it) => {
    it.effect("serves an order that ships and one that is declined, and keeps every promise", () =>
      Effect.gen(function*() {
        yield* purchases
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      }))
  })
})
