import { Config } from "effect"
import { resolve } from "node:path"

/** The folder in which a process keeps what must outlive it: embedded data, generated secrets. Absolute. */
export const home: Config.Config<string> = Config.nonEmptyString("QUARTET_HOME").pipe(
  Config.withDefault(".quartet"),
  Config.map((folder) => resolve(folder))
)

/** The address that servers listen on. Loopback unless the operator opens it. */
export const host: Config.Config<string> = Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1"))

/** `production` switches off whatever exists for development alone, such as the development issuer. */
export const isProduction: Config.Config<boolean> = Config.nonEmptyString("NODE_ENV").pipe(
  Config.withDefault("development"),
  Config.map((environment) => environment === "production")
)

/** A port to listen on; 0 asks the system for a free one. */
export const port = (name: string, otherwise: number): Config.Config<number> =>
  Config.integer().pipe(
    Config.validate({ message: "Expected a port from 0 to 65535", validation: (port) => port >= 0 && port <= 65_535 }),
    // Named last: a rule added after the name would report its breach without it.
    Config.nested(name),
    Config.withDefault(otherwise)
  )
