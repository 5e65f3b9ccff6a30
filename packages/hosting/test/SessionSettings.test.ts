import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { readFileSync } from "node:fs"
import { unfitness } from "../src/DatabaseCheck.ts"
import { isOutage } from "../src/DatabaseOutage.ts"
import { nameOf } from "../src/ServiceRole.ts"
import { ofOwnRole, unmet } from "../src/SessionSettings.ts"

const newest = 180_000
const asSet = new Map(ofOwnRole("order", newest).map(({ name, value }) => [name, value]))

describe("a session's settings", () => {
  it("are met by what a role is given", () => {
    assert.deepStrictEqual(unmet(asSet, { schema: "order", version: newest }), [])
  })

  it.each([
    { name: "search_path", value: "\"order\", public" },
    { name: "statement_timeout", value: "0" },
    { name: "statement_timeout", value: "60000" },
    { name: "lock_timeout", value: "0" },
    { name: "idle_in_transaction_session_timeout", value: "0" },
    { name: "idle_session_timeout", value: "100" },
    { name: "transaction_timeout", value: "1000" },
    { name: "DateStyle", value: "German, DMY" },
    { name: "TimeZone", value: "Asia/Kathmandu" },
    { name: "IntervalStyle", value: "sql_standard" },
    { name: "bytea_output", value: "escape" },
    { name: "extra_float_digits", value: "-15" },
    { name: "standard_conforming_strings", value: "off" },
    { name: "array_nulls", value: "off" },
    { name: "transform_null_equals", value: "on" },
    { name: "row_security", value: "off" },
    { name: "default_transaction_isolation", value: "serializable" },
    { name: "default_transaction_deferrable", value: "on" },
    { name: "synchronous_commit", value: "off" },
    { name: "session_replication_role", value: "replica" },
    { name: "enable_seqscan", value: "on" },
    { name: "enable_hashjoin", value: "on" },
    { name: "enable_mergejoin", value: "on" },
    { name: "enable_indexscan", value: "off" },
    { name: "enable_nestloop", value: "off" },
    { name: "plan_cache_mode", value: "auto" },
    { name: "jit", value: "on" }
  ])("are not met where $name is $value", ({ name, value }) => {
    const found = unmet(new Map(asSet).set(name, value), { schema: "order", version: newest })
    assert.deepStrictEqual(found.map((one) => [one.name, one.found]), [[name, value]])
  })

  it.each([
    { name: "search_path", value: "order" },
    { name: "statement_timeout", value: "2000" },
    { name: "idle_session_timeout", value: "3600000" },
    { name: "DateStyle", value: "ISO, DMY" },
    { name: "TimeZone", value: "Etc/UTC" },
    { name: "synchronous_commit", value: "remote_apply" },
    { name: "session_replication_role", value: "origin" }
  ])("are as good where an operator has $name at $value", ({ name, value }) => {
    assert.deepStrictEqual(unmet(new Map(asSet).set(name, value), { schema: "order", version: newest }), [])
  })

  it("are those that docker/postgres/init.sh gives", () => {
    const text = readFileSync(new URL("../../../docker/postgres/init.sh", import.meta.url), "utf8")
    const [, list = ""] = /settings="([^"]*)"/.exec(text) ?? []
    const given = list.trim().split(/\s+/).map((setting) => setting.replace("read-committed", "read committed"))
    const ours = ofOwnRole("order", newest).filter(({ name }) => name !== "search_path")
    assert.sameMembers(given, ours.map(({ name, value }) => `${name}=${value.replace(", ", ",")}`))
  })
})

describe("a server", () => {
  const server = { version: 140_000, versionName: "14.0", encoding: "UTF8", database: "shop", role: "order" }

  it.each([{ version: 130_023, versionName: "13.23" }, { version: 90_624, versionName: "9.6.24" }])(
    "of version $versionName is refused by name",
    (old) =>
      assert.deepStrictEqual(
        unfitness({ ...server, ...old }),
        Option.some(`PostgreSQL ${old.versionName} is too old: Quartet needs PostgreSQL 14 or newer.`)
      )
  )

  it("of version 14, or a later one, is used", () => {
    assert.deepStrictEqual([server, { ...server, version: 190_001 }].map(unfitness), [Option.none(), Option.none()])
  })

  it.each(["LATIN1", "SQL_ASCII", "WIN1252"])("whose database has the encoding %s is refused", (encoding) => {
    assert.include(Option.getOrThrow(unfitness({ ...server, encoding })), `has the encoding ${encoding}`)
  })
})

describe("a role's name", () => {
  it("has room in what PostgreSQL keeps of it, and is told from others that begin like it", () => {
    const names = ["a", "b"].map((end) => nameOf(`quartet_${"é".repeat(60)}${end}`, "warehouse"))
    assert.isTrue(names.every((name) => Buffer.byteLength(name) <= 63))
    assert.strictEqual(new Set(names).size, 2)
    assert.strictEqual(nameOf("quartet_shop", "order"), "quartet_shop_order")
  })
})

describe("a database that does not serve us", () => {
  const failure = (message: string, code?: string) =>
    new SqlError({ cause: Object.assign(new Error(message), code === undefined ? {} : { code }), message: "" })

  it.each([
    { message: "connect ECONNREFUSED 127.0.0.1:5432", code: "ECONNREFUSED" },
    { message: "getaddrinfo ENOTFOUND postgres", code: "ENOTFOUND" },
    { message: "the database system is starting up", code: "57P03" },
    { message: "sorry, too many clients already", code: "53300" },
    { message: "cannot execute UPDATE in a read-only transaction", code: "25006" },
    { message: "could not extend file: No space left on device", code: "53100" },
    { message: "canceling statement due to lock timeout", code: "55P03" },
    { message: "server login has been failing, try again later (server_login_retry)", code: "08P01" },
    { message: "pgbouncer cannot connect to server", code: "08P01" },
    { message: "no more connections allowed (max_client_conn)", code: "08P01" },
    { message: "query_wait_timeout", code: "08P01" },
    { message: "Connection terminated unexpectedly" }
  ])("may do so later: $message", ({ code, message }) => assert.isTrue(isOutage(failure(message, code))))

  it.each([
    { message: "password authentication failed for user \"order\"", code: "28P01" },
    { message: "no pg_hba.conf entry for host", code: "28000" },
    { message: "database \"shop\" does not exist", code: "3D000" },
    { message: "permission denied for schema order", code: "42501" },
    { message: "unsupported startup parameter: options", code: "08P01" },
    { message: "no such database: shop", code: "08P01" },
    { message: "no such user: order", code: "08P01" },
    { message: "SASL authentication failed", code: "08P01" },
    { message: "self-signed certificate", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    { message: "certificate has expired", code: "CERT_HAS_EXPIRED" },
    { message: "unable to verify the first certificate", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
    { message: "The server does not support SSL connections" },
    { message: "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string" }
  ])(
    "does not wait to be asked again: $message",
    ({ code, message }) => assert.isFalse(isOutage(failure(message, code)))
  )
})
