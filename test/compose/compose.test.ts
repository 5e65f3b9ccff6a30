import { assert, describe, it as plain, layer } from "@effect/vitest"
import { consumers } from "@quartet/contracts/Catalog"
import { sign } from "@quartet/stripe-simulator/Signature"
import { Clock, Config, Console, Duration, Effect, Option, Redacted } from "effect"
import * as Customer from "quartet/demo/Customer"
import { System } from "../support/Addresses.ts"
import { crowd, newDiary } from "../support/Crowd.ts"
import { becomes, brokenAtRest, chargesOf, levelOf, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import { find, run } from "./Docker.ts"
import { inspected, lasting, mounts, readableIn } from "./Reach.ts"
import { amqpAnswer, amqpEntry, sqlAnswer, stockStatus, webhookStatus } from "./Refusals.ts"
import * as Stack from "./Stack.ts"

/** Without an engine nothing can be tested: that is said aloud, and is a failure where it is told to be one. */
const { compose, missing } = await Effect.runPromise(
  Effect.tap(find, ({ compose, missing }) =>
    Effect.gen(function*() {
      if (Option.isSome(compose)) return
      yield* Console.warn(`\nNOTHING OF DOCKER COMPOSE WAS TESTED: ${missing}.\n`)
      if (yield* Config.withDefault(Config.boolean("CI_REQUIRE_DOCKER"), false)) {
        return yield* Effect.dieMessage(`CI_REQUIRE_DOCKER is set, but ${missing}.`)
      }
    }))
)

const services = ["order", "payment", "inventory", "warehouse"]
const consumersOfOthers = (service: string) =>
  Object.entries(consumers).flatMap(([consumer, owner]) => owner === service ? [] : [consumer])

/** The service's own way into PostgreSQL and RabbitMQ. */
const entries = (service: string) =>
  Effect.map(Stack.Stack, ({ broker, database, passwordsAtStart }) => ({
    database: database(`quartet_${service}`, passwordsAtStart.get(`postgres/${service}`) ?? ""),
    broker: broker(service, passwordsAtStart.get(`rabbitmq/${service}`) ?? "")
  }))

const inside = (service: string, ...command: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const [container = ""] = yield* (yield* Stack.Stack).containers(service)
    return (yield* run(["docker", "exec", container, ...command])).trim()
  })

/** One order from the shelf to the door, and one that its card does not pay. */
const journeys = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(10, 1250)
  const paid = yield* Customer.place(customer, sku, 2)
  assert.strictEqual(paid.status, "Reserved")
  assert.strictEqual((yield* pay(customer, paid)).status, 200)
  yield* becomes(customer, paid, "Shipped")
  assert.deepStrictEqual((yield* chargesOf(paid)).map(({ amount }) => amount), [2500])

  const declined = yield* Customer.place(customer, sku, 3)
  yield* pay(customer, declined, "pm_card_visa_chargeDeclined")
  yield* becomes(customer, declined, "Failed")
  yield* until(levelOf(sku), ({ available }) => available === 8)
  assert.deepStrictEqual(yield* chargesOf(declined), [])
})

const suite = (stack: ReturnType<typeof Stack.layer>) =>
  layer(stack, { excludeTestServices: true, timeout: 900_000 })("docker compose", (it) => {
    it.effect(
      "builds and starts everything from nothing; orders ship, declined ones let go, no law is broken (H166)",
      () =>
        Effect.gen(function*() {
          yield* journeys
          assert.deepStrictEqual(yield* brokenAtRest(), [])
        }),
      120_000
    )

    it.effect(
      "has filled the shop, and hands out a token that the order service takes, with no container made anew",
      () =>
        Effect.gen(function*() {
          const { order } = yield* System
          const { compose, containers } = yield* Stack.Stack
          const running = Effect.forEach([...services, "simulator", "edge"], containers)
          const before = yield* running
          const token = yield* compose(["run", "--rm", "-T", "quartet", "token", "--customer", "alice"])
          const alice = { url: order, token: Redacted.make(token.trim()) }
          assert.strictEqual((yield* Customer.place(alice, "tea-assam", 1)).status, "Reserved")
          assert.deepStrictEqual(yield* running, before)
        }),
      240_000
    )

    it.effect(
      "runs one program and nothing else, as an ordinary user who can write nothing but a folder",
      () =>
        Effect.forEach([...services, "simulator", "edge"], (service) =>
          Effect.gen(function*() {
            const tryAll =
              "id -u; ls /app; for d in / /app /etc /home/node; do touch $d/x 2>/dev/null && echo wrote $d; done; true"
            const said = yield* inside(service, "sh", "-c", tryAll)
            assert.strictEqual(said, "1000\nedge.mjs\nhealthy.sh\nquartet.mjs\nsecrets.mjs", service)
          }), { discard: true }),
      60_000
    )

    it.effect(
      "generates each password that no setting has, and keeps both kinds as they are",
      () =>
        Effect.gen(function*() {
          const { broker, compose, database, passwords, setting } = yield* Stack.Stack
          const kept = yield* passwords
          const given = new Map([
            ["postgres/order", setting("ORDER_DATABASE_PASSWORD")],
            ["rabbitmq/payment", setting("PAYMENT_AMQP_PASSWORD")]
          ])
          for (const [name, password] of kept) {
            if (given.has(name)) assert.strictEqual(password, given.get(name), name)
            else assert.match(password, /^[0-9a-f]{64}$/, name)
          }
          assert.strictEqual(new Set(kept.values()).size, 10)
          const order = database("quartet_order", given.get("postgres/order") ?? "")
          assert.strictEqual(yield* sqlAnswer(order, "SELECT 1"), "done")
          assert.strictEqual(yield* amqpEntry(broker("payment", given.get("rabbitmq/payment") ?? "")), "accepted")

          yield* compose(["run", "--rm", "-T", "secrets"])
          assert.deepStrictEqual(yield* passwords, kept)
        }),
      60_000
    )

    it.effect(
      "lets a changed password in once init.sh was run again, and no longer the one before",
      () =>
        Effect.gen(function*() {
          const { database, passwords } = yield* Stack.Stack
          const password = (yield* passwords).get("postgres/warehouse") ?? ""
          const again = inside("postgres", "bash", "/docker-entrypoint-initdb.d/quartet.sh")
          yield* inside("postgres", "psql", "-U", "postgres", "-c", "ALTER ROLE quartet_warehouse PASSWORD 'before'")
          assert.strictEqual(yield* sqlAnswer(database("quartet_warehouse", "before"), "SELECT 1"), "done")
          yield* again
          assert.strictEqual(yield* sqlAnswer(database("quartet_warehouse", "before"), "SELECT 1"), "28P01")
          assert.strictEqual(yield* sqlAnswer(database("quartet_warehouse", password), "SELECT 1"), "done")
        }),
      60_000
    )

    it.effect("accepts no password that somebody could guess from the sources", () =>
      Effect.gen(function*() {
        const { broker, database } = yield* Stack.Stack
        for (const name of ["postgres", ...services]) {
          const user = name === "postgres" ? name : `quartet_${name}`
          for (const password of [name, user, "postgres", "password", "quartet", `${name}-for-tests`]) {
            const answer = yield* sqlAnswer(database(user, password), "SELECT 1")
            assert.strictEqual(answer, "28P01", `${user}: ${password}`)
          }
        }
        for (const user of ["admin", "guest", ...services]) {
          for (const password of [user, "admin", "guest", "password", "quartet", `${user}-for-tests`]) {
            assert.strictEqual(yield* amqpEntry(broker(user, password)), "refused", `${user}: ${password}`)
          }
        }
        const { payment } = yield* System
        const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        for (const secret of ["whsec_quartet", "whsec_quartet_development"]) {
          assert.strictEqual(yield* webhookStatus(payment, sign(secret, seconds, "{}")), 400, secret)
        }
      }), 120_000)

    it.effect(
      "lets no container read a password or key that another one needs",
      () =>
        Effect.gen(function*() {
          const { compose, passwords } = yield* Stack.Stack
          const key = yield* compose([
            "run",
            "--rm",
            "--no-deps",
            "-T",
            "--entrypoint",
            "cat",
            "quartet",
            "/data/auth.key"
          ])
          const secrets = new Map([...yield* passwords, ["key", key.split("\n")[1] ?? ""]])
          assert.isAbove((secrets.get("key") ?? "").length, 40)
          const all = [...secrets.keys()].toSorted()
          const own = (service: string) =>
            services.includes(service)
              ? [`postgres/${service}`, `rabbitmq/${service}`]
              : all.filter((name) => name.startsWith(`${service}/`))
          for (const service of lasting) {
            assert.deepStrictEqual(yield* readableIn(service, secrets), own(service), service)
          }
          const shown = yield* inspected
          const generated = [...secrets].filter(([, secret]) => !secret.startsWith("given"))
          assert.deepStrictEqual(generated.filter(([, secret]) => shown.includes(secret)).map(([name]) => name), [])
        }),
      120_000
    )

    it.effect("mounts the private key where tokens are made, and each password where it is needed", () =>
      Effect.gen(function*() {
        const { secrets = "", ...others } = yield* mounts
        const of = (service: string) => `keys:ro secrets-${service}:ro`
        assert.deepStrictEqual(others, {
          postgres: "postgres secrets-postgres:ro",
          rabbitmq: "rabbitmq secrets-rabbitmq:ro",
          topology: "secrets-topology:ro",
          simulator: "secrets-simulator:ro simulator",
          keys: "home keys",
          seed: "home",
          edge: "",
          ...Object.fromEntries(services.map((service) => [service, of(service)]))
        })
        assert.notInclude(secrets, "home")
      }))

    it.effect(
      "takes a token from the command line, and none that a service or the simulator makes",
      () =>
        Effect.gen(function*() {
          const { compose } = yield* Stack.Stack
          const { inventory } = yield* System
          const sku = yield* newProduct(1)
          const mint = ["node", "/app/quartet.mjs", "token", "--operator"]
          const status = (token: string) => stockStatus(`${inventory}/stock/${sku}`, token)
          const made = yield* compose(["run", "--rm", "--no-deps", "-T", "quartet", "token", "--operator"])
          assert.strictEqual(yield* status(made.trim()), 200)
          for (const service of [...services, "simulator", "edge"]) {
            if (services.includes(service)) assert.isTrue(yield* Effect.isFailure(inside(service, ...mint)), service)
            const forged = yield* inside(service, "env", "QUARTET_HOME=/tmp/forged", ...mint)
            assert.isAbove(forged.length, 100, service)
            assert.strictEqual(yield* status(forged), 401, service)
          }
        }),
      120_000
    )

    it.effect("gives each service a role that touches its own schema and no other (H161)", () =>
      Effect.forEach(services, (service) =>
        Effect.gen(function*() {
          const { database } = yield* entries(service)
          const say = (statement: string) => sqlAnswer(database, statement)
          assert.strictEqual(yield* say(`SELECT count(*) FROM "${service}".outbox`), "done")
          const forbidden = [
            ...services.filter((other) => other !== service).flatMap((other) => [
              `SELECT count(*) FROM "${other}".outbox`,
              `INSERT INTO "${other}".outbox DEFAULT VALUES`,
              `CREATE TABLE "${other}".mine ()`,
              `SET ROLE "quartet_${other}"`
            ]),
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine"
          ]
          const answers = yield* Effect.forEach(forbidden, (statement) =>
            Effect.map(say(statement), (answer) => `${statement}: ${answer}`))
          assert.deepStrictEqual(
            answers,
            forbidden.map((statement) =>
              `${statement}: 42501`
            )
          )
        }), { discard: true }))

    it.effect(
      "gives each service a user that says what the service says, as itself, and nothing else",
      () =>
        Effect.forEach(services, (service) =>
          Effect.gen(function*() {
            const { broker } = yield* entries(service)
            const publish = (exchange: string, key: string, userId = service) =>
              amqpAnswer(broker, (channel) => channel.publish(exchange, key, Buffer.from("{}"), { userId }))
            assert.strictEqual(yield* publish("quartet", `${service}.nobody_listens.v1`), "done")
            assert.strictEqual(yield* publish("quartet", `${service}.nobody_listens.v1`, "admin"), "406")
            for (const other of services.filter((name) => name !== service)) {
              assert.strictEqual(yield* publish("quartet", `${other}.nobody_listens.v1`), "403", other)
            }
          }), { discard: true }),
      60_000
    )

    it.effect(
      "lets no service reach the queues of another, to take from them or to put into them past the exchange",
      () =>
        Effect.forEach(services, (service) =>
          Effect.gen(function*() {
            const { broker } = yield* entries(service)
            for (const consumer of consumersOfOthers(service)) {
              const put = (exchange: string, key: string) =>
                amqpAnswer(broker, (channel) => channel.publish(exchange, key, Buffer.from("{}")))
              const take = (queue: string) => amqpAnswer(broker, (channel) => channel.get(queue))
              const answers = yield* Effect.all([
                put("", `quartet.${consumer}`),
                put("quartet.back", consumer),
                put("quartet.dead", consumer),
                take(`quartet.${consumer}`),
                take(`quartet.${consumer}.dead`)
              ])
              assert.deepStrictEqual(answers, ["403", "403", "403", "403", "403"], `${service} to ${consumer}`)
            }
          }), { discard: true }),
      60_000
    )

    it.effect("lets no service put a message of another's into any of the delays", () =>
      Effect.gen(function*() {
        const exchanges = (yield* inside("rabbitmq", "rabbitmqctl", "-q", "list_exchanges", "name")).split(/\s+/)
        const delays = exchanges.filter((name) => name.startsWith("quartet.wait."))
        assert.isNotEmpty(delays)
        for (const service of services) {
          const { broker } = yield* entries(service)
          for (const consumer of consumersOfOthers(service)) {
            for (const delay of delays) {
              const answer = yield* amqpAnswer(broker, (channel) => channel.publish(delay, consumer, Buffer.from("{}")))
              assert.strictEqual(answer, "403", `${service} by ${delay} to ${consumer}`)
            }
          }
        }
      }), 120_000)

    it.effect("lets no service make, bind or delete anything at the broker", () =>
      Effect.forEach(services, (service) =>
        Effect.gen(function*() {
          const { broker } = yield* entries(service)
          const answers = yield* Effect.all([
            amqpAnswer(broker, (channel) => channel.assertQueue("quartet.mine")),
            amqpAnswer(broker, (channel) => channel.assertExchange(`quartet.${service}`, "fanout")),
            amqpAnswer(broker, (channel) => channel.bindQueue(`quartet.${service}`, "quartet", "#")),
            amqpAnswer(broker, (channel) => channel.deleteQueue(`quartet.${service}`)),
            amqpAnswer(broker, (channel) => channel.deleteExchange("quartet"))
          ])
          assert.deepStrictEqual(answers, ["403", "403", "403", "403", "403"])
        }), { discard: true }))

    it.effect(
      "runs two replicas of order and three of inventory behind the same ports, and they share the work (H138)",
      () =>
        Effect.gen(function*() {
          const { compose, containers, healthy } = yield* Stack.Stack
          yield* compose(["up", "-d", "--scale", "order=2", "--scale", "inventory=3"])
          yield* healthy
          assert.lengthOf(yield* containers("inventory"), 3)
          const since = Math.ceil((yield* Clock.currentTimeMillis) / 1000)
          yield* Effect.all(Array.from({ length: 8 }, () => journeys), { concurrency: 4 })
          for (const replica of yield* containers("order")) {
            const log = yield* run(["sh", "-c", `docker logs --since ${since} ${replica} 2>&1`])
            assert.match(log, /"method":"POST","route":"\/orders/, replica)
          }
          assert.deepStrictEqual(yield* brokenAtRest(), [])
        }),
      240_000
    )

    it.effect(
      "goes on when a replica of each is killed in the middle, and loses nothing (H165)",
      () =>
        Effect.gen(function*() {
          const { containers, healthy } = yield* Stack.Stack
          const victims = [...(yield* containers("order")).slice(0, 1), ...(yield* containers("inventory")).slice(0, 1)]
          const sku = yield* newProduct(10_000)
          const diary = newDiary()
          const killed = Effect.gen(function*() {
            yield* until(Effect.sync(() => diary.deeds.length), (deeds) => deeds >= 10)
            yield* run(["docker", "kill", ...victims])
            const enough = diary.ended.size + 12
            yield* until(Effect.sync(() => diary.ended.size), (ended) => ended >= enough, "60 seconds")
          })
          const goesOn = Effect.sync(() => !done)
          let done = false
          yield* Effect.all([
            crowd(diary, sku, 4, goesOn),
            Effect.ensuring(killed, Effect.sync(() => (done = true)))
          ], { concurrency: "unbounded" })
          assert.deepStrictEqual(diary.shocking, [])
          yield* run(["docker", "start", ...victims])
          yield* healthy
          assert.deepStrictEqual(yield* brokenAtRest(), [])
        }),
      240_000
    )

    it.effect(
      "stops each service within ten seconds when it is told to, as if nothing had happened (H164)",
      () =>
        Effect.forEach([...services, "simulator", "edge"], (service) =>
          Effect.gen(function*() {
            const [container = ""] = yield* (yield* Stack.Stack).containers(service)
            const [taken] = yield* Effect.timed(run(["docker", "stop", "--time", "14", container]))
            const code = (yield* run(["docker", "inspect", "--format", "{{.State.ExitCode}}", container])).trim()
            assert.strictEqual(code, "0", service)
            assert.isBelow(Duration.toSeconds(taken), 11, service)
          }), { discard: true }),
      120_000
    )
  })

if (Option.isSome(compose)) suite(Stack.layer(compose.value))
else describe("docker compose", () => plain.skip(`was not tested: ${missing}`, () => undefined))
