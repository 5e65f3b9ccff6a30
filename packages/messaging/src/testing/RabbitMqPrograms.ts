import { Config, Effect, Option } from "effect"
import { existsSync, readdirSync, realpathSync } from "node:fs"
import { basename, delimiter, dirname, join } from "node:path"

/** What it takes: the start script that runs as anybody, and Erlang's name server. */
export interface Programs {
  readonly path: string
  readonly server: string
  readonly epmd: string
}

/** Where system programs are on machines that keep them from the PATH of ordinary users. */
const systemFolders = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin"]

/** Finds an installed RabbitMQ. */
export const find: Effect.Effect<Option.Option<Programs>> = Effect.gen(function*() {
  const path = [yield* Config.string("PATH").pipe(Config.withDefault("")), ...systemFolders].join(delimiter)
  const locate = (name: string) =>
    path.split(delimiter).map((folder) => join(folder, name)).find((file) => existsSync(file))
  const epmd = locate("epmd")
  const server = locate("rabbitmq-server")
  const script = server === undefined ? undefined : behindWrapper(realpathSync(server))
  return script === undefined || epmd === undefined ? Option.none() : Option.some({ path, server: script, epmd })
}).pipe(Effect.orDie)

/** Debian puts a wrapper in front that runs as root or `rabbitmq` only. */
const behindWrapper = (file: string): string | undefined => {
  if (basename(file) !== "rabbitmq-script-wrapper") return file
  const folder = join(dirname(dirname(file)), "lib")
  const version = existsSync(folder)
    ? readdirSync(folder).find((name) => name.startsWith("rabbitmq_server-"))
    : undefined
  return version === undefined ? undefined : join(folder, version, "sbin", "rabbitmq-server")
}
