import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import { Effect, Layer } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const home = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-bench-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A PostgreSQL that waits for the disk, as the real one does. */
export const database = Layer.unwrapScoped(
  Effect.map(
    home,
    (folder) => EmbeddedPostgres.layerWith({ home: join(folder, "home"), settings: { track_commit_timestamp: "on" } })
  )
)
