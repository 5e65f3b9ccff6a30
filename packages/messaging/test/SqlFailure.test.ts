import { SqlError } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, FiberId } from "effect"
import type { SqlFailure } from "../src/SqlFailure.ts"
import { ofCause, ofSqlError, withoutConsequences } from "../src/SqlFailure.ts"

const failed = (code: string | undefined, cause: Error = new Error("from the driver")): SqlError.SqlError =>
  new SqlError.SqlError({ cause: code === undefined ? cause : Object.assign(cause, { code }) })

const expected: Readonly<Record<SqlFailure, ReadonlyArray<string>>> = {
  Contention: ["40001", "40P01", "55P03", "57014"],
  Conflict: ["23505"],
  Outage: [
    "08006",
    "53300",
    "53100",
    "57P01",
    "57P03",
    "58030",
    "25P03",
    "25006",
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE"
  ],
  Fault: ["23514", "23503", "23502", "42P01", "22P02", "22P05", "25P02", "XX000"]
}

describe("what a failed statement means", () => {
  for (const [meaning, codes] of Object.entries(expected)) {
    for (const code of codes) {
      it(`${code} is a case of ${meaning.toLowerCase()} (H154, H159)`, () => {
        assert.strictEqual(ofSqlError(failed(code)), meaning)
      })
    }
  }

  it("an error of the driver without a state is an outage, a value that cannot be encoded is a fault", () => {
    assert.strictEqual(ofSqlError(failed(undefined)), "Outage")
    assert.strictEqual(ofSqlError(failed(undefined, new TypeError("Do not know how to serialize a BigInt"))), "Fault")
  })

  it("of several findings the worst counts: an outage, then a fault, then a conflict", () => {
    const outage = Cause.die(failed("08006"))
    const fault = Cause.die(new Error("bug"))
    const conflict = Cause.fail(failed("23505"))
    const contention = Cause.fail(failed("40001"))
    assert.strictEqual(ofCause(Cause.sequential(fault, outage)), "Outage")
    assert.strictEqual(ofCause(Cause.sequential(contention, Cause.parallel(conflict, fault))), "Fault")
    assert.strictEqual(ofCause(Cause.sequential(contention, conflict)), "Conflict")
    assert.strictEqual(ofCause(contention), "Contention")
  })

  it("what failed only because something before it had says nothing", () => {
    const reason = Cause.fail(failed("40P01"))
    const consequence = Cause.fail(failed("25P02"))
    const mixed = Cause.parallel(reason, Cause.parallel(consequence, consequence))
    assert.deepStrictEqual([...Cause.failures(withoutConsequences(mixed))], [...Cause.failures(reason)])
    assert.deepStrictEqual(withoutConsequences(consequence), consequence)
  })

  it("a mere interruption says nothing against the work", () => {
    assert.strictEqual(ofCause(Cause.interrupt(FiberId.none)), "Outage")
  })
})
