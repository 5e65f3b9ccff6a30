import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HomeKeys from "@quartet/hosting/HomeKeys"
import * as Settings from "@quartet/hosting/Settings"
import { publicText } from "@quartet/hosting/TokenKey"
import { ConfigError, Effect, Option } from "effect"
import { join } from "node:path"

const notWritable = ConfigError.InvalidData(["--public"], "Expected a folder in which this process may write")

/** Writes the public key of the home into another folder, which may be shared with those who check tokens. */
const publish = Effect.fn("Keys.publish")(function*(folder: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  const file = join(folder, HomeKeys.publicFile)
  const draft = `${file}.${process.pid}`
  yield* fs.makeDirectory(folder, { recursive: true })
  yield* fs.writeFileString(draft, text, { mode: 0o644 })
  yield* fs.rename(draft, file)
}, Effect.mapError(() => notWritable))

const folder = Options.text("public").pipe(
  Options.withDescription("A folder that gets the public key too, as auth.pub."),
  Options.optional
)

/** `quartet keys` */
export const command = Command.make("keys", { folder }, ({ folder }) =>
  Effect.gen(function*() {
    const { verifying } = yield* HomeKeys.pairIn(yield* Settings.home)
    if (Option.isSome(folder)) yield* publish(folder.value, publicText(verifying))
  })).pipe(
    Command.withDescription("Makes the key pair of development in QUARTET_HOME, unless it is there. Twice is harmless.")
  )
