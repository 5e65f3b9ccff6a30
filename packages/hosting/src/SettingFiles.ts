import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Setting from "@quartet/messaging/Setting"
import { Config, ConfigError, ConfigProvider, Effect, Layer, Option } from "effect"

const services = ["ORDER", "PAYMENT", "INVENTORY", "WAREHOUSE"]

/** Settings that may hold a secret, or a key that was made on another machine, and so may be kept in a file. */
export const names: ReadonlyArray<string> = [
  "AUTH_PUBLIC_KEY",
  "AUTH_SIGNING_KEY",
  "AMQP_URL",
  ...services.map((service) => `${service}_AMQP_URL`),
  "DATABASE_URL",
  ...services.map((service) => `${service}_DATABASE_URL`),
  "DATABASE_ROLE_SECRET",
  "OPERATOR_TOKEN",
  "STRIPE_API_KEY",
  "STRIPE_WEBHOOK_SECRET"
]

/** Longer than any of these; a path to something else is refused before it is read whole. */
const mostBytes = 64 * 1024

const read = Effect.fn("SettingFiles.read")(function*(name: string) {
  const setting = `${name}_FILE`
  const file = yield* Config.option(Setting.text(setting))
  if (Option.isNone(file)) return []
  const refuse = (rule: string) => Effect.fail(ConfigError.InvalidData([setting], rule))
  if (Option.isSome(yield* Config.option(Setting.make(name, "", Option.some)))) {
    return yield* refuse(`Expected to be absent where ${name} is set`)
  }
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.stat(file.value).pipe(
    Effect.filterOrFail(({ size, type }) => type === "File" && Number(size) <= mostBytes, () => "no such file"),
    Effect.zipRight(fs.readFileString(file.value)),
    Effect.map((text) => text.trim()),
    Effect.filterOrFail((text) => text !== "", () => "an empty file"),
    Effect.catchAll(() => refuse("Expected a file that this process can read, with something in it"))
  )
  return [[name, text] as const]
})

const merged = (errors: ReadonlyArray<ConfigError.ConfigError>) =>
  errors.reduce<ConfigError.ConfigError | undefined>(
    (all, error) => all === undefined ? error : ConfigError.And(all, error),
    undefined
  )

/**
 * Reads `<NAME>_FILE` in place of `<NAME>`, for each of these names that is not set itself: secrets that are mounted as
 * files stand in no environment, where every child process and `docker inspect` would find them.
 */
export const layer: Layer.Layer<never, ConfigError.ConfigError> = Layer.unwrapEffect(Effect.gen(function*() {
  const [errors, found] = yield* Effect.partition(names, read)
  const error = merged(errors)
  if (error !== undefined) return yield* Effect.fail(error)
  const given = yield* Effect.configProviderWith(Effect.succeed)
  const files = ConfigProvider.fromMap(new Map(found.flat()))
  return Layer.setConfigProvider(ConfigProvider.orElse(given, () => files))
})).pipe(Layer.provide(NodeFileSystem.layer))
