import { Config, Effect, Schema } from "effect"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import * as ReleaseBefore from "./ReleaseBefore.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The command line of the release before, or nothing where it cannot be built. */
    readonly releaseBefore: string | undefined
  }
}

const Previous = Schema.parseJson(Schema.Struct({ commit: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{40}$/)) }))

const required = Config.boolean("CI_REQUIRE_HISTORY").pipe(Config.withDefault(false))

/** Builds the release before from the git history of this working tree, into a folder that is removed with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { root } = project.vitest.config
  const { commit } = Schema.decodeSync(Previous)(await readFile(join(root, "test/upgrade/previous.json"), "utf8"))
  const found = await Effect.runPromise(ReleaseBefore.find(root, commit))
  if (found._tag === "Absent") {
    if (await Effect.runPromise(required)) throw new Error(found.why)
    project.provide("releaseBefore", undefined)
    return () => {
      process.stderr.write(`\nTHE TESTS OF AN UPGRADE DID NOT RUN: the release before is not here. ${found.why}\n\n`)
      return Promise.resolve()
    }
  }
  const folder = await mkdtemp(join(tmpdir(), "quartet-release-"))
  project.provide("releaseBefore", await Effect.runPromise(ReleaseBefore.build(root, commit, folder)))
  return () => rm(folder, { recursive: true, force: true })
}
