import { assert, describe, it } from "@effect/vitest"
import type { Account } from "../src/domain/Recount.ts"
import { judge } from "../src/domain/Recount.ts"
import * as S from "./support.ts"

/** Ten received, two of them held and three gone for good; all three books say so. */
const account: Account = {
  sku: S.tea,
  level: { received: 10, onHand: 7, reserved: 2 },
  ledger: { received: 10, onHand: 7, reserved: 2 },
  held: 2,
  taken: 3
}

describe("a SKU by its three books", () => {
  it("agrees when all say the same", () => {
    assert.strictEqual(judge(account)._tag, "Agreed")
  })

  it.each([{ received: 11 }, { onHand: 8 }, { reserved: 1 }])(
    "is recounted when its level alone differs: %o",
    (wrong) => {
      const verdict = judge({ ...account, level: { ...account.level, ...wrong } })
      assert.deepStrictEqual(verdict, { _tag: "Recounted", to: account.ledger })
    }
  )

  it.each([
    { held: 3 },
    { held: 1 },
    { taken: 2 },
    { taken: 4 },
    { ledger: { received: 10, onHand: 7, reserved: 8 }, held: 8 }
  ])("is unclear when ledger and orders contradict each other, or the ledger itself: %o", (wrong) => {
    assert.strictEqual(judge({ ...account, ...wrong })._tag, "Unclear")
  })
})
