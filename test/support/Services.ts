import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Database } from "@quartet/hosting/Database"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { ConfigProvider, Context, Effect, Layer, Option, Redacted, Ref, Schedule, Schema, Scope } from "effect"
import type { Ports } from "quartet/Ports"
import type { Name } from "quartet/Serve"
import { ask } from "quartet/Shop"
import { freePorts, settingsOf, System, temporaryHome } from "./Addresses.ts"
import type { Running } from "./Process.ts"
import { NotAsExpected, quartet } from "./Process.ts"
import * as Wire from "./Wire.ts"

/** One process: a replica of a service, or the provider's stand-in, which a test may end and start again. */
export interface Member {
  readonly name: Name
  /** The server's own port, past the one that leads to all replicas. */
  readonly url: string
  readonly ops: string
  /** The process as of now, whether it still lives or not. */
  readonly running: Effect.Effect<Running>
  /** Starts it, or starts it again, and does not wait until it is ready. */
  readonly start: Effect.Effect<Running>
  /** What it says of itself; status 0 while nobody answers. */
  readonly health: Effect.Effect<Health>
}

/** What `/health/ready` says, with the names of the checks that fail. */
export interface Health {
  readonly status: number
  readonly missing: ReadonlyArray<string>
}

/** Four services and the provider's stand-in as processes of their own, talking over RabbitMQ. */
export class Services extends Context.Tag("@quartet/test/Services")<Services, {
  readonly members: ReadonlyArray<Member>
  readonly of: (name: Name) => ReadonlyArray<Member>
  /** The way to PostgreSQL, and to the broker. */
  readonly database: Wire.Wire
  readonly broker: Wire.Wire
  /** Waits until every process is ready. */
  readonly allReady: Effect.Effect<void, NotAsExpected>
}>() {}

export interface Options {
  readonly broker: Redacted.Redacted<string>
  /** How many of each service; the stand-in is one. */
  readonly replicas?: number
  /** Starts nothing, and leaves the ways to PostgreSQL and the broker cut: the test begins. */
  readonly nothingYet?: boolean
  /** Leads straight to PostgreSQL and the broker: nothing of the test's own slows the way, and it cannot be cut. */
  readonly straight?: boolean
  /** As they would stand in the environment of each process. */
  readonly settings?: Readonly<Record<string, string>>
}

const Answer = Schema.parseJson(
  Schema.Struct({ checks: Schema.Record({ key: Schema.String, value: Schema.Struct({ ready: Schema.Boolean }) }) })
)

export const services = ["order", "payment", "inventory", "warehouse"] satisfies ReadonlyArray<Name>
const at = (port: number) => `http://127.0.0.1:${port}`
const targetOf = (url: URL): Wire.Target => ({ host: url.hostname, port: Number(url.port) })

/** The same URL by another port of this machine. */
const through = (url: string, port: number): string => {
  const changed = new URL(url)
  changed.hostname = "127.0.0.1"
  changed.port = `${port}`
  changed.searchParams.delete("host")
  return changed.toString()
}

const healthOf = (ops: string): Member["health"] =>
  Effect.gen(function*() {
    const response = yield* ask({ method: "GET", url: `${ops}/health/ready` })
    const { checks } = yield* Schema.decode(Answer)(yield* response.text)
    return { status: response.status, missing: Object.keys(checks).filter((name) => checks[name]?.ready !== true) }
  }).pipe(
    Effect.timeout("5 seconds"),
    Effect.orElseSucceed((): Health => ({ status: 0, missing: [] })),
    Effect.provide(NodeHttpClient.layer)
  )

/** A process that is not started yet, of the command line of this release or of another. */
export const makeMember = Effect.fn("Services.makeMember")(
  function*(name: Name, ports: Ports, settings: ReadonlyMap<string, string>, program?: string) {
    const scope = yield* Effect.scope
    const running = yield* Ref.make(Option.none<Running>())
    const start = quartet(["serve", name], settings, undefined, program).pipe(
      Effect.tap((started) => Ref.set(running, Option.some(started))),
      Scope.extend(scope)
    )
    return {
      name,
      url: at(ports[name]),
      ops: at(ports.ops),
      running: Effect.flatMap(Ref.get(running), Effect.orDie),
      start,
      health: healthOf(at(ports.ops))
    } satisfies Member
  }
)

/** Waits until all are ready, and tells what a process said that ended or never got there. */
export const readyOf = (members: ReadonlyArray<Member>) =>
  Effect.forEach(members, ({ health, name, running }) =>
    Effect.gen(function*() {
      const { ended, stderr } = yield* running
      const early = Effect.flatMap(
        ended,
        ({ code }) => new NotAsExpected({ what: `${name} ended with ${code}.`, stderr: stderr() })
      )
      const late = () => new NotAsExpected({ what: `${name} did not get ready.`, stderr: stderr() })
      yield* Effect.repeat(health, { schedule: Schedule.spaced("50 millis"), until: ({ status }) => status === 200 })
        .pipe(
          Effect.raceFirst(early),
          Effect.timeoutFail({ duration: "120 seconds", onTimeout: late })
        )
    }), { concurrency: "unbounded", discard: true })

/** What every process is told beside its own ports and ways in. */
const shared = Effect.fn("Services.shared")(function*(
  { broker, database }: Readonly<Record<"database" | "broker", Wire.Wire>>,
  ports: Readonly<Record<"payment" | "simulator", number>>,
  amqp: Redacted.Redacted<string>,
  more: Readonly<Record<string, string>>
) {
  const { connectionFor } = yield* Database
  const urls = yield* Effect.forEach(
    services,
    (service) =>
      Effect.map(connectionFor(service), (url): [string, string] => [
        `${service.toUpperCase()}_DATABASE_URL`,
        through(Redacted.value(url), database.port)
      ])
  )
  return {
    ...Object.fromEntries(urls),
    AMQP_URL: through(Redacted.value(amqp), broker.port),
    STRIPE_API_BASE: at(ports.simulator),
    STRIPE_WEBHOOK_URL: `${at(ports.payment)}/webhooks/stripe`,
    LOG_LEVEL: "WARN",
    ...more
  }
})

const make = Effect.fn("Services.make")(function*(options: Options) {
  const { nothingYet = false, replicas = 1, settings = {}, straight = false } = options
  const home = yield* temporaryHome
  const { admin } = yield* Database
  const superuser = yield* Effect.orDie(admin)
  const wayTo = (url: Redacted.Redacted<string>) => {
    const target = targetOf(new URL(Redacted.value(url)))
    return straight ? Effect.succeed(Wire.straight(target)) : Wire.make([target], nothingYet)
  }
  const database = yield* wayTo(superuser)
  const broker = yield* wayTo(options.broker)
  const simulator = yield* freePorts
  const places = yield* Effect.forEach(services, (name) =>
    Effect.gen(function*() {
      const ports = yield* Effect.replicateEffect(freePorts, replicas)
      const wire = yield* Wire.make(ports.map((port) => ({ host: "127.0.0.1", port: port[name] })))
      return { name, ports, wire }
    }))
  const prices = yield* Wire.make(
    places.flatMap(({ name, ports }) =>
      name === "order" ? ports.map((port) => ({ host: "127.0.0.1", port: port.prices })) : []
    )
  )
  const wireOf = (name: Name) => places.find((place) => place.name === name)?.wire.port ?? 0
  const common = yield* shared(
    { database, broker },
    { payment: wireOf("payment"), simulator: simulator.simulator },
    options.broker,
    settings
  )
  const member = (name: Name) => (ports: Ports) => makeMember(name, ports, settingsOf(ports, home, common))
  const replicated = yield* Effect.forEach(places, ({ name, ports }) => Effect.forEach(ports, member(name)))
  const members = [...replicated.flat(), yield* member("simulator")(simulator)]
  const allReady = readyOf(members)
  if (!nothingYet) yield* Effect.zipRight(Effect.forEach(members, ({ start }) => start), allReady)
  const of = (name: Name) => members.filter((one) => one.name === name)
  return Context.make(Services, { members, of, database, broker, allReady }).pipe(
    Context.add(System, {
      order: at(wireOf("order")),
      payment: at(wireOf("payment")),
      inventory: at(wireOf("inventory")),
      warehouse: at(wireOf("warehouse")),
      prices: at(prices.port),
      simulator: at(simulator.simulator),
      admin: superuser
    })
  )
})

/** Processes on this database, and what tests of a system in this process have too. */
export const layerOn = <E, R>(database: Layer.Layer<Database, E, R>, options: Options) =>
  Layer.mergeAll(
    Layer.scopedContext(make(options)).pipe(Layer.provide(database)),
    NodeHttpClient.layer,
    DevelopmentIssuer.layer.pipe(
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(TokenKeys.issuing)))))
    )
  )
