import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { beginningOf, isAlive, isListed } from "../src/ProcessTable.ts"
import { zombie } from "./Child.ts"

/** A process that has ended and was reaped. */
const reaped = Effect.async<number>((resume) => {
  const child = execFile("true")
  const pid = child.pid ?? 0
  child.once("exit", () => resume(Effect.succeed(pid)))
})

describe.each([
  { by: "/proc", system: NodeFileSystem.layer },
  { by: "ps, where there is no /proc", system: FileSystem.layerNoop({}) }
])("a process, by $by,", ({ system }) => {
  it.live.each([
    { is: "this process", pid: Effect.succeed(process.pid), alive: true },
    { is: "the parent of this process", pid: Effect.succeed(process.ppid), alive: true },
    { is: "the first process, whoever owns it", pid: Effect.succeed(1), alive: true },
    { is: "a zombie that is never reaped", pid: zombie, alive: false },
    { is: "a process that was reaped", pid: reaped, alive: false },
    { is: "an id that no system gives", pid: Effect.succeed(2 ** 31 - 1), alive: false },
    { is: "a group of processes", pid: Effect.succeed(-process.pid), alive: false },
    { is: "every process of the group", pid: Effect.succeed(0), alive: false },
    { is: "no number", pid: Effect.succeed(Number.NaN), alive: false }
  ])("$is: alive is $alive", ({ alive, pid }) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* isAlive(yield* pid), alive)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.live("has a beginning that stays, and is not that of the first process", () =>
    Effect.gen(function*() {
      const mine = yield* beginningOf(process.pid)
      assert.notStrictEqual(mine, "")
      assert.strictEqual(yield* beginningOf(process.pid), mine)
      assert.notStrictEqual(yield* beginningOf(1), mine)
    }).pipe(Effect.provide(system)))
})

describe("a zombie", () => {
  it.live("is listed, although it does not run", () =>
    Effect.gen(function*() {
      assert.isTrue(isListed(yield* zombie))
    }).pipe(Effect.scoped))
})
