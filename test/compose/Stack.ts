import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import { ConfigProvider, Context, Effect, Layer, Redacted, Schedule } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { freePorts, System } from "../support/Addresses.ts"
import { NotAsWished } from "../support/Shop.ts"
import type { CommandFailed, Compose, Settings } from "./Docker.ts"
import { root, run } from "./Docker.ts"

/** The containers of one project, which nobody else uses. */
export class Stack extends Context.Tag("@quartet/test/Stack")<Stack, {
  readonly compose: (args: ReadonlyArray<string>) => Effect.Effect<string, CommandFailed>
  /** The ids of a service's containers that run. */
  readonly containers: (service: string) => Effect.Effect<ReadonlyArray<string>, CommandFailed>
  /** Waits until every container that runs is healthy. */
  readonly healthy: Effect.Effect<void, CommandFailed | NotAsWished>
  /** Where PostgreSQL and RabbitMQ accept a user. */
  readonly database: (user: string, password: string) => string
  readonly broker: (user: string, password: string) => string
  /** What the volumes of PostgreSQL and RabbitMQ held once all was started, as in `postgres/order`, and hold now. */
  readonly passwordsAtStart: ReadonlyMap<string, string>
  readonly passwords: Effect.Effect<ReadonlyMap<string, string>, CommandFailed>
  /** What `settings.env` sets. */
  readonly setting: (name: string) => string
}>() {}

/** Compose 1.29 starts what a command depends on again, one after the other, before it runs the command. */
const ends = "3 minutes"

const readSettings = Effect.promise(() => readFile(join(root, "test", "compose", "settings.env"), "utf8")).pipe(
  Effect.map((text) => new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value])))
)

const readPasswords = (containers: (service: string) => Effect.Effect<ReadonlyArray<string>, CommandFailed>) =>
  Effect.forEach(["postgres", "rabbitmq"], (server) =>
    Effect.gen(function*() {
      const [id = ""] = yield* containers(server)
      const lines = linesOf(yield* run(["docker", "exec", id, "sh", "-c", "cd /secrets && grep -H '' *"]))
      return lines.map((line) => {
        const end = line.indexOf(":")
        return [`${server}/${line.slice(0, end)}`, line.slice(end + 1)] as const
      })
    })).pipe(Effect.map((found) => new Map(found.flat())))

const make = Effect.fn("Stack.make")(function*(program: Compose, settings: Settings) {
  const files = ["-f", "docker-compose.yml", "-f", "test/compose/open.yml", "--env-file", "test/compose/settings.env"]
  const project = `quartet-test-${process.pid}`
  const compose = (args: ReadonlyArray<string>, atMost: "3 minutes" | "15 minutes" = ends) =>
    run([program[0], ...program.slice(1), "-p", project, ...files, ...args], settings, atMost)
  const containers = (service: string) => Effect.map(compose(["ps", "-q", service]), linesOf)

  yield* Effect.acquireRelease(
    Effect.void,
    () =>
      Effect.orDie(Effect.gen(function*() {
        yield* compose(["--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "12"])
        const label = `label=com.docker.compose.project=${project}`
        const left = linesOf(yield* run(["docker", "volume", "ls", "-q", "--filter", label]))
        if (left.length > 0) return yield* new NotAsWished({ seen: left })
      }))
  )
  yield* compose(["up", "--build", "-d"], "15 minutes").pipe(
    Effect.tapError(() => Effect.ignore(Effect.flatMap(compose(["logs", "--no-color", "--tail=20"]), Effect.logError)))
  )
  const portOf = (service: string, port: number) => Effect.map(compose(["port", service, `${port}`]), (at) => at.trim())
  const passwordsAtStart = yield* readPasswords(containers)
  const database = yield* portOf("postgres", 5432)
  const broker = yield* portOf("rabbitmq", 5672)
  const known = yield* readSettings
  return Stack.of({
    compose,
    containers,
    healthy: Effect.flatMap(Effect.map(compose(["ps", "-q"]), linesOf), wellOf).pipe(
      Effect.retry(Schedule.spaced("500 millis").pipe(Schedule.upTo("90 seconds")))
    ),
    database: (user, password) => `postgres://${user}:${encodeURIComponent(password)}@${database}/quartet`,
    broker: (user, password) => `amqp://${user}:${encodeURIComponent(password)}@${broker}`,
    passwordsAtStart,
    passwords: readPasswords(containers),
    setting: (name) => known.get(name) ?? ""
  })
})

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "")

/** The state of each, and its health where it has a check; those that ended as they should count as well. */
const format = "{{.Name}} {{.State.Status}}{{if .State.Health}} {{.State.Health.Status}}{{end}} {{.State.ExitCode}}"
const isWell = (state: string) => / running healthy 0$| exited \S*\s?0$/.test(state)

const wellOf = Effect.fn("Stack.wellOf")(function*(ids: ReadonlyArray<string>) {
  const states = linesOf(yield* run(["docker", "inspect", "--format", format, ...ids]))
  if (states.length === 0 || !states.every(isWell)) return yield* new NotAsWished({ seen: states })
})

/** Everything in containers, built from the sources as they are, and gone with the scope. */
export const layer = (compose: Compose) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const ports = yield* freePorts
    const at = (port: number) => `http://127.0.0.1:${port}`
    const settings = {
      ORDER_PORT: `${ports.order}`,
      PAYMENT_PORT: `${ports.payment}`,
      INVENTORY_PORT: `${ports.inventory}`,
      WAREHOUSE_PORT: `${ports.warehouse}`,
      PRICES_PORT: `${ports.prices}`,
      STRIPE_SIMULATOR_PORT: `${ports.simulator}`
    }
    const stack = yield* make(compose, settings)
    const admin = stack.passwordsAtStart.get("postgres/postgres") ?? ""
    const system = System.of({
      order: at(ports.order),
      payment: at(ports.payment),
      inventory: at(ports.inventory),
      warehouse: at(ports.warehouse),
      prices: at(ports.prices),
      simulator: at(ports.simulator),
      admin: Redacted.make(stack.database("postgres", admin))
    })
    yield* stack.healthy
    // Only the command line has the key that tokens are made with.
    const key = (name: string) =>
      stack.compose(["run", "--rm", "--no-deps", "-T", "--entrypoint", "cat", "quartet", `/data/${name}`])
    const signingKey = yield* key("auth.key")
    const publicKey = yield* key("auth.pub")
    return Layer.mergeAll(
      Layer.succeed(Stack, stack),
      Layer.succeed(System, system),
      DevelopmentIssuer.layer,
      NodeHttpClient.layer
    ).pipe(
      Layer.provide(
        Layer.setConfigProvider(
          ConfigProvider.fromMap(new Map([["AUTH_SIGNING_KEY", signingKey], ["AUTH_PUBLIC_KEY", publicKey]]))
        )
      )
    )
  }))
