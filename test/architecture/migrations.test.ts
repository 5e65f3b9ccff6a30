import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { filesOf, packages, root, services } from "./sources.ts"

/** What takes something away from, or demands something of, a process of the release before. */
const rules: ReadonlyArray<readonly [breach: string, statement: RegExp]> = [
  ["drops a column", /\bDROP\s+COLUMN\b/i],
  ["drops a table", /\bDROP\s+TABLE\b/i],
  ["renames", /\bRENAME\b/i],
  ["drops a default", /\bDROP\s+DEFAULT\b/i],
  ["forbids null", /\bSET\s+NOT\s+NULL\b/i],
  ["changes a type", /\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b/i]
]

/** One `ADD COLUMN` of an `ALTER TABLE`, up to the next. */
const added = /\bADD\s+COLUMN\b(?:(?!\bADD\s+COLUMN\b)[^;])*/gi

const breachesOf = (sql: string): ReadonlyArray<string> => [
  ...rules.flatMap(([breach, statement]) => statement.test(sql) ? [breach] : []),
  ...[...sql.matchAll(added)].flatMap(([column]) =>
    /\bNOT\s+NULL\b/i.test(column) && !/\bDEFAULT\b/i.test(column) ? ["demands a column"] : []
  )
]

const folders = [...services.map((name) => `services/${name}/src`), ...packages.map((name) => `packages/${name}/src`)]
const migrations = folders.flatMap((folder) =>
  filesOf(folder).filter((file) => file.startsWith("migrations/")).map((file) => join(folder, file))
)

/**
 * Breaches of releases that nobody upgrades from any more. `0112_api_version_default` gives the default back that
 * `0108_api_version` took away.
 */
const past = ["0005_outbox_unsent.ts drops a column", "0108_api_version.ts drops a default"]

const samples: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["ALTER TABLE t ADD COLUMN a text", []],
  ["ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT ''", []],
  ["ALTER TABLE t ADD COLUMN a text NOT NULL", ["demands a column"]],
  ["ALTER TABLE t\n  ADD COLUMN a int NOT NULL DEFAULT 0,\n  ADD COLUMN b int NOT NULL;", ["demands a column"]],
  ["ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1; ALTER TABLE t ALTER COLUMN a SET NOT NULL", ["forbids null"]],
  ["ALTER TABLE t ALTER COLUMN a DROP DEFAULT", ["drops a default"]],
  ["ALTER TABLE t ALTER COLUMN a TYPE bigint", ["changes a type"]],
  ["ALTER TABLE t RENAME COLUMN a TO b", ["renames"]],
  ["ALTER TABLE t DROP COLUMN a", ["drops a column"]],
  ["DROP TABLE t", ["drops a table"]]
]

describe("a migration", () => {
  it.each(samples)("of `%s` is judged by what a process of the release before needs", (sql, breaches) => {
    assert.deepStrictEqual(breachesOf(sql), breaches)
  })

  it("takes nothing away and demands nothing that the release before does not write (H160, H167)", () => {
    const found = migrations.flatMap((file) =>
      breachesOf(readFileSync(join(root, file), "utf8")).map((breach) => `${basename(file)} ${breach}`)
    )
    assert.sameMembers(found, past)
  })
})
