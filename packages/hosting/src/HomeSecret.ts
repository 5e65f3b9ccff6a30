import * as FileSystem from "@effect/platform/FileSystem"
import { ConfigError, Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import * as Settings from "./Settings.ts"

/**
 * A secret that this installation made for itself and keeps in its home, readable by its user alone, so that all its
 * processes agree on it.
 */
export const kept = Effect.fn("HomeSecret.kept")(
  function*(name: string) {
    const fs = yield* FileSystem.FileSystem
    const home = yield* Settings.home
    const file = join(home, name)
    const read = Effect.map(fs.readFileString(file), (text) => text.trim())
    const make = Effect.gen(function*() {
      yield* fs.makeDirectory(home, { recursive: true })
      // Moved to its name only when it is whole; of two processes that make one at once, both then read the same.
      const draft = `${file}.${randomBytes(6).toString("hex")}`
      yield* fs.writeFileString(draft, randomBytes(48).toString("base64url"), { mode: 0o600 })
      yield* Effect.ignore(fs.link(draft, file))
      yield* fs.remove(draft)
      return yield* read
    })
    const secret = yield* Effect.catchTag(
      read,
      "SystemError",
      (error) => error.reason === "NotFound" ? make : Effect.fail(error)
    )
    return Redacted.make(secret)
  },
  Effect.mapError((error) =>
    ConfigError.isConfigError(error)
      ? error
      : ConfigError.InvalidData(["QUARTET_HOME"], "Expected a folder in which this process may read and write")
  )
)
