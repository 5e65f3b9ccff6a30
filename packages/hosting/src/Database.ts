import type { SqlError } from "@effect/sql/SqlError"
import * as Setting from "@quartet/messaging/Setting"
import { Config, ConfigError, Context, Effect, Either, Layer, Option, Redacted, Schema } from "effect"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import { expected, parse, passwordOf, read, withCredentials } from "./DatabaseUrl.ts"
import { provision } from "./Provision.ts"
import * as ServiceRole from "./ServiceRole.ts"
import type { UnfitDatabase } from "./UnfitDatabase.ts"

/** Where PostgreSQL is, and how each service enters it. */
export class Database extends Context.Tag("@quartet/hosting/Database")<Database, {
  /** The URL that may create schemas and roles; absent when the operator made a role for each service. */
  readonly admin: Option.Option<DatabaseUrl>
  /**
   * The URL of the service's own role. Where Quartet makes the roles, role and schema exist when this returns.
   * Fails with `SqlError` while the server is away, with `ConfigError` when a setting is missing or wrong, and with
   * `UnfitDatabase` where the server or the database is not one that can serve us.
   */
  readonly connectionFor: (
    service: string
  ) => Effect.Effect<DatabaseUrl, ConfigError.ConfigError | SqlError | UnfitDatabase>
}>() {}

/** How Quartet makes the roles: `prefix` begins their names, and `secret` is what their passwords are made from. */
interface Provisioned {
  readonly admin: DatabaseUrl
  readonly prefix?: string
  readonly secret?: Redacted.Redacted<string>
}

/** A server on which Quartet itself makes schemas and roles, named `<prefix>_<service>`. */
export const layerProvisioned = (options: Provisioned): Layer.Layer<Database> =>
  Layer.succeed(Database, { admin: Option.some(options.admin), connectionFor: provisionedBy(options) })

/**
 * From the settings: `<SERVICE>_DATABASE_URL` is used as it is, its role being the operator's; otherwise Quartet makes
 * schema and role through `DATABASE_URL`.
 */
export const layerUrl: Layer.Layer<Database, ConfigError.ConfigError> = Layer.effect(
  Database,
  Effect.gen(function*() {
    const admin = yield* urlSetting("DATABASE_URL")
    const secret = yield* roleSecret
    const prefix = yield* rolePrefix
    const provisioned = Option.map(admin, (url) =>
      provisionedBy({
        admin: url,
        ...(Option.isSome(prefix) ? { prefix: prefix.value } : {}),
        ...(Option.isSome(secret) ? { secret: secret.value } : {})
      }))

    const connectionFor = Effect.fn("Database.connectionFor")(function*(service: string) {
      const setting = `${service.toUpperCase()}_DATABASE_URL`
      const own = yield* urlSetting(setting)
      if (Option.isSome(own)) return own.value
      if (Option.isSome(provisioned)) return yield* provisioned.value(service)
      return yield* Effect.fail(ConfigError.MissingData(["DATABASE_URL"], `Set DATABASE_URL or ${setting}`))
    })
    return { admin, connectionFor }
  })
)

const urlSetting = (name: string): Config.Config<Option.Option<DatabaseUrl>> =>
  Setting.make(name, expected, (text) => Option.map(read(text), (url) => Redacted.make(url.toString()))).pipe(
    Config.option
  )

const roleSecret = Config.option(Config.redacted(Setting.text("DATABASE_ROLE_SECRET")))

/** What the names of our roles begin with, where that is not the database's name. */
const rolePrefix = Config.option(Setting.text(
  "DATABASE_ROLE_PREFIX",
  "Expected a lower-case letter and then at most 40 lower-case letters, digits or underscores",
  (text) => /^[a-z][a-z0-9_]{0,40}$/.test(text)
))

/** Whether `DATABASE_URL` can be used to make roles: their passwords are made from one that it carries, or from a secret. */
const provisioning = Config.all({ admin: urlSetting("DATABASE_URL"), secret: roleSecret, prefix: rolePrefix })

/** What a service reads on its way into `layerUrl`: its own URL, or what its role is made with. */
export const settings = (service: string): Config.Config<unknown> => {
  const own = `${service.toUpperCase()}_DATABASE_URL`
  return Config.all([urlSetting(own), provisioning]).pipe(Config.mapOrFail(([given, { admin, secret }]) => {
    if (Option.isSome(given)) return Either.void
    if (Option.isNone(admin)) {
      return Either.left(ConfigError.MissingData(["DATABASE_URL"], `Set DATABASE_URL or ${own}`))
    }
    const password = Option.flatMap(read(Redacted.value(admin.value)), passwordOf)
    return Option.isSome(Option.orElse(secret, () => password)) ? Either.void : Either.left(noSecret)
  }))
}

/** `DATABASE_URL`, where there is one. */
export const adminUrl: Config.Config<Option.Option<DatabaseUrl>> = urlSetting("DATABASE_URL")

const noSecret = ConfigError.MissingData(["DATABASE_ROLE_SECRET"], "Needed because DATABASE_URL carries no password")

const provisionedBy = (options: Provisioned) =>
  Effect.fn("Database.connectionFor")(function*(service: string) {
    const name = yield* Schema.decode(ServiceRole.ServiceName)(service).pipe(
      Effect.mapError(() => ConfigError.InvalidData(["service"], `"${service}" is not a name for a schema`))
    )
    const url = yield* parse(options.admin, "DATABASE_URL")
    const secret = yield* Option.fromNullable(options.secret).pipe(
      Option.orElse(() => passwordOf(url)),
      Effect.mapError(() => noSecret)
    )
    const role = yield* provision(options.admin, {
      service: name,
      secret,
      ...(options.prefix === undefined ? {} : { prefix: options.prefix })
    })
    return withCredentials(url, role.name, role.password)
  })
