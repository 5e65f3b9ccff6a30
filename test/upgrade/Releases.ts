import { subscriptions } from "@quartet/contracts/Catalog"
import { DevelopmentIssuer } from "@quartet/hosting/DevelopmentIssuer"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Clock, Context, Duration, Effect, Redacted } from "effect"
import { SignJWT } from "jose"
import { createPrivateKey, createSecretKey } from "node:crypto"
import type { KeyObject } from "node:crypto"
import type { Name } from "quartet/Serve"
import { freePorts, settingsOf, System, temporaryHome } from "../support/Addresses.ts"
import * as Process from "../support/Process.ts"
import type { Member } from "../support/Services.ts"
import { makeMember, readyOf, services } from "../support/Services.ts"
import * as Wire from "../support/Wire.ts"

export type Service = Exclude<Name, "simulator">

/** The processes of one release, one of each service, none of which is started yet. */
export interface Release {
  readonly of: Readonly<Record<Service, Member>>
  readonly members: ReadonlyArray<Member>
  /** What customers and operators of these processes use: their addresses, and tokens that they accept. */
  readonly edge: Context.Context<System | DevelopmentIssuer>
}

const at = (port: number) => `http://127.0.0.1:${port}`

/** The release before checks tokens by a secret, this one by a public key. */
const secret = "a secret that the release before checks its tokens by"

const issuer = (alg: string, key: KeyObject): DevelopmentIssuer["Type"] => ({
  sign: ({ scopes = [], subject, ttl = "1 hour" }) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        Effect.promise(() =>
          new SignJWT({ scope: scopes.join(" ") }).setProtectedHeader({ alg }).setSubject(subject).setIssuer("quartet")
            .setAudience("quartet").setExpirationTime(Math.floor((now + Duration.toMillis(ttl)) / 1000)).sign(key)
        )
    ).pipe(Effect.map(Redacted.make))
})

const ofSecret = issuer("HS256", createSecretKey(Buffer.from(secret)))
const ofKeyPair = issuer(
  "ES256",
  createPrivateKey({ key: Buffer.from(TokenKeys.issuing.AUTH_SIGNING_KEY, "base64"), format: "der", type: "pkcs8" })
)

/** The same broker by a port that can be cut. */
const through = (url: Redacted.Redacted<string>, port: number): string => {
  const changed = new URL(Redacted.value(url))
  changed.hostname = "127.0.0.1"
  changed.port = `${port}`
  return changed.toString()
}

/**
 * Both releases on one PostgreSQL, one RabbitMQ and one provider, which is started. `program` is the command line of the
 * release before. The way of that release to the broker can be cut.
 */
export const make = Effect.fn("Releases.make")(
  function*(program: string, more: Readonly<Record<"before" | "now", Readonly<Record<string, string>>>>) {
    const { admin } = yield* PostgresTest.emptyDatabase()
    const broker = yield* RabbitMqTest.url
    const namespace = yield* RabbitMqTest.namespace(subscriptions)
    const { hostname, port } = new URL(Redacted.value(broker))
    const wire = yield* Wire.make([{ host: hostname, port: Number(port || 5672) }])
    const ports = {
      before: yield* Effect.forEach(services, () => freePorts),
      now: yield* Effect.forEach(services, () => freePorts),
      simulator: yield* freePorts
    }
    const payments = [...ports.before, ...ports.now].map(({ payment }) => ({ host: "127.0.0.1", port: payment }))
    const webhooks = yield* Wire.make(payments)
    const common = {
      DATABASE_URL: Redacted.value(admin),
      DATABASE_ROLE_SECRET: "a secret for the roles of tests",
      AMQP_URL: Redacted.value(broker),
      AMQP_NAMESPACE: namespace,
      STRIPE_API_BASE: at(ports.simulator.simulator),
      STRIPE_WEBHOOK_URL: `${at(webhooks.port)}/webhooks/stripe`,
      LOG_LEVEL: "WARN"
    }

    const release = Effect.fnUntraced(function*(which: "before" | "now", own: Readonly<Record<string, string>>) {
      const home = yield* temporaryHome
      const member = Effect.fnUntraced(function*(name: Service) {
        const mine = ports[which][services.indexOf(name)] ?? ports.simulator
        const settings = settingsOf(mine, home, { ...common, ...own, ...more[which] })
        const made = yield* makeMember(name, mine, settings, which === "before" ? program : undefined)
        return { ...made, prices: at(mine.prices) }
      })
      const of = yield* Effect.all({
        order: member("order"),
        payment: member("payment"),
        inventory: member("inventory"),
        warehouse: member("warehouse")
      })
      const system = {
        order: of.order.url,
        payment: of.payment.url,
        inventory: of.inventory.url,
        warehouse: of.warehouse.url,
        prices: of.order.prices,
        simulator: at(ports.simulator.simulator),
        admin
      }
      const edge = Context.make(System, system).pipe(
        Context.add(DevelopmentIssuer, which === "before" ? ofSecret : ofKeyPair)
      )
      return { of, members: Object.values(of), edge } satisfies Release
    })

    const home = yield* temporaryHome
    const ofSimulator = settingsOf(ports.simulator, home, common)
    const simulator = yield* makeMember("simulator", ports.simulator, ofSimulator)
    yield* Effect.zipRight(simulator.start, readyOf([simulator]))
    const before = yield* release("before", { AUTH_SECRET: secret, AMQP_URL: through(broker, wire.port) })
    const now = yield* release("now", {})
    return {
      before,
      now,
      /** The end of what each process logged. */
      logs: Effect.map(
        Effect.forEach(
          [...before.members, ...now.members],
          ({ name, running }) =>
            running.pipe(
              Effect.map(({ stderr, stdout }) => `--- ${name}\n${(stdout() + stderr()).slice(-2000)}`),
              Effect.catchAllCause(() => Effect.succeed(`--- ${name} was not started`))
            )
        ),
        (logs) => logs.join("\n")
      ),
      broker: { url: broker, namespace, cutFromBefore: wire.cut },
      /** Runs `quartet verify` of this release, and returns its exit code and its report. */
      verify: Effect.gen(function*() {
        const { ended, stderr, stdout } = yield* Process.quartet(["verify", "--wait", "60s"], ofSimulator)
        const { code } = yield* ended
        return { code, report: stdout() + stderr() }
      })
    }
  }
)

/** Starts these processes and waits until they are ready. */
export const start = (members: ReadonlyArray<Member>) =>
  Effect.zipRight(Effect.forEach(members, (member) => member.start, { discard: true }), readyOf(members))

/** Stops these processes as an orchestrator does, and returns how each ended. */
export const stop = (members: ReadonlyArray<Member>) =>
  Effect.forEach(members, ({ name, running }) =>
    Effect.gen(function*() {
      const { ended, stderr, tell } = yield* running
      yield* tell("SIGTERM")
      const { code } = yield* Effect.timeoutFail(ended, {
        duration: "20 seconds",
        onTimeout: () => new Process.NotAsExpected({ what: `${name} did not stop.`, stderr: stderr() })
      })
      return { name, code }
    }), { concurrency: "unbounded" })
