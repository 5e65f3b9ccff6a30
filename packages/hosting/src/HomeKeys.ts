import * as FileSystem from "@effect/platform/FileSystem"
import { ConfigError, Effect, Option, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import * as Settings from "./Settings.ts"
import * as TokenKey from "./TokenKey.ts"

/** The file of the key that tokens are made with, which its owner alone can read. */
export const privateFile = "auth.key"
/** The file of the key that tokens are checked by. */
export const publicFile = "auth.pub"

/**
 * Creates a file unless it exists, and returns what it holds. It gets its name only when it is whole, so of two processes
 * that create one at once, both read the same.
 */
export const kept = Effect.fn("HomeKeys.kept")(
  function*(file: string, options: { readonly mode: number; readonly content: () => string }) {
    const fs = yield* FileSystem.FileSystem
    const read = Effect.map(fs.readFileString(file), (text) => text.trim())
    const create = Effect.gen(function*() {
      const draft = `${file}.${randomBytes(6).toString("hex")}`
      yield* fs.writeFileString(draft, options.content(), { mode: options.mode })
      // The umask takes bits away from the mode that a file is created with.
      yield* fs.chmod(draft, options.mode)
      yield* Effect.ignore(fs.link(draft, file))
      yield* fs.remove(draft)
      return yield* read
    })
    return yield* Effect.catchTag(
      read,
      "SystemError",
      (error) => error.reason === "NotFound" ? create : Effect.fail(error)
    )
  }
)

const unusable = ConfigError.InvalidData(
  ["QUARTET_HOME"],
  "Expected a folder in which this process may read and write, with a key in auth.key if that is there"
)

const orUnusable = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) => Effect.mapError(effect, () => unusable)

/** The key pair in the folder, created by the first process that needs it. */
export const pairIn = Effect.fn("HomeKeys.pairIn")(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true })
  const file = join(folder, privateFile)
  const text = yield* kept(file, { mode: 0o600, content: () => Redacted.value(TokenKey.generate()) })
  const signing = yield* TokenKey.readPrivate(text)
  const content = () => TokenKey.publicText(TokenKey.publicOf(signing))
  const verifying = yield* TokenKey.readPublic(yield* kept(join(folder, publicFile), { mode: 0o644, content }))
  return { signing, verifying }
}, orUnusable)

/** The private key in the home, for the development issuer alone. */
export const signing = Effect.map(Effect.flatMap(Settings.home, pairIn), ({ signing }) => signing)

/** The public key in the home; the private one beside it is read only where there is no public one yet. */
export const verifying = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const home = yield* Settings.home
  const text = yield* Effect.option(fs.readFileString(join(home, publicFile)))
  const found = Option.flatMap(text, TokenKey.readPublic)
  return Option.isSome(found) ? found.value : yield* Effect.map(pairIn(home), ({ verifying }) => verifying)
})
