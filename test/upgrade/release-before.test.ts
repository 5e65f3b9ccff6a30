import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { temporaryHome } from "../support/Addresses.ts"
import { execute, find } from "./ReleaseBefore.ts"

/** A history of three commits, the second of which is on another branch. */
const history = Effect.gen(function*() {
  const parent = yield* temporaryHome
  const folder = join(parent, "history")
  yield* execute(parent, "git", "init", "--quiet", "--initial-branch=main", "history")
  const git = (...args: ReadonlyArray<string>) => execute(folder, "git", ...args)
  const commit = (subject: string) =>
    Effect.zipRight(
      git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", subject),
      git("rev-parse", "HEAD")
    )
  const first = yield* commit("first")
  yield* git("switch", "--quiet", "--create", "aside")
  const aside = yield* commit("aside")
  yield* git("switch", "--quiet", "main")
  yield* commit("last")
  return { parent, folder, first, aside }
})

describe("the release before", () => {
  it.scopedLive("is there when its commit is an ancestor of HEAD", () =>
    Effect.gen(function*() {
      const { first, folder } = yield* history
      assert.deepStrictEqual(yield* find(folder, first), { _tag: "Here" })
    }))

  it.scopedLive("fails the run with a sentence when HEAD does not follow it, or nobody knows it", () =>
    Effect.gen(function*() {
      const { aside, folder } = yield* history
      for (const commit of [aside, "0123456789012345678901234567890123456789"]) {
        const { message } = yield* Effect.flip(find(folder, commit))
        assert.match(message, new RegExp(`names ${commit}, which is no ancestor of HEAD`))
      }
    }))

  it.scopedLive("is absent, with a reason, in a shallow clone and where there is no history", () =>
    Effect.gen(function*() {
      const { first, folder, parent } = yield* history
      yield* execute(parent, "git", "clone", "--quiet", "--depth=1", `file://${folder}`, "shallow")
      assert.deepStrictEqual(yield* find(join(parent, "shallow"), first), {
        _tag: "Absent",
        why: `This clone is shallow and does not reach back to ${first}.`
      })
      assert.deepStrictEqual(yield* find(parent, first), { _tag: "Absent", why: "There is no git history here." })
    }))
})
