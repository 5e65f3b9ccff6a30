import { Effect, Exit, Layer, Option, Redacted, Scope } from "effect"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { Database } from "../Database.ts"
import { layerWith } from "../EmbeddedPostgres.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The superuser's URL of the PostgreSQL that runs for this test run. */
    readonly databaseUrl: string
  }
}

/** The data is thrown away, so nothing needs to reach the disk. */
const settings = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  max_connections: "300"
}

/** Starts one PostgreSQL for the run and stops it at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), "quartet-test-"))
  // PostgreSQL's own user must get through when root runs the tests.
  await chmod(home, 0o755)
  const scope = Effect.runSync(Scope.make())
  const database = await Effect.runPromise(
    Layer.buildWithScope(layerWith({ home: join(home, "home"), settings }), scope).pipe(
      Effect.flatMap((context) => Effect.provide(Database, context))
    )
  )
  project.provide("databaseUrl", Redacted.value(Option.getOrThrow(database.admin)))
  return async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rm(home, { recursive: true, force: true })
  }
}
