import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Deferred, Duration, Effect, Exit, Fiber, Layer, Queue, Random, Ref, Scope } from "effect"
import type { Publication } from "../src/Broker.ts"
import { Broker, Unpublished } from "../src/Broker.ts"
import { Outbox } from "../src/Outbox.ts"
import * as Relay from "../src/Relay.ts"
import { publishing } from "../src/testing/Publishing.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { countOf } from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"
import { append, unpublished } from "./support/Said.ts"

const quick: Relay.Options = { ...Relay.defaultOptions, poll: Duration.millis(20) }

/** A broker that notes what it is given, after `publish` has had its say. */
const noting = (publish: (publication: Publication) => Effect.Effect<void, Unpublished> = () => Effect.void) => {
  const published: Array<Publication> = []
  const layer = Layer.succeed(Broker, {
    ...publishing((publication) =>
      Effect.tap(publish(publication), () => Effect.sync(() => published.push(publication)))
    ),
    deliveries: () => Effect.dieMessage("nobody listens"),
    ready: Effect.succeed(true)
  })
  return { layer, bodies: () => published.map(numberOf), published, size: Effect.sync(() => published.length) }
}
const numberOf = ({ body }: { readonly body: string }) => Number(/"amount":(\d+)/.exec(body)?.[1])

const say = (key: string, amount: number) => Counter.WasCounted.say({ key, amount })
/** Forgets what earlier tests left, lease included. */
const clean = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`TRUNCATE outbox, outbox_unsent; UPDATE relay_lease SET holder = '', expires_at = '-infinity'`
)

/** While the table is locked, a look does not come back, and the wake after it is not taken. */
const wakesWhileNobodyMayLook = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { wake, woken } = yield* Outbox
  const oneTaken = Effect.zipRight(wake, eventually(Queue.size(woken), (n) => n <= 0))
  yield* atomically(Effect.zipRight(
    sql`LOCK TABLE outbox_unsent IN ACCESS EXCLUSIVE MODE`,
    Effect.replicateEffect(oneTaken, 5)
  ))
})

layer(Counter.layer(), { excludeTestServices: true })("the relay", (it) => {
  it.scoped("says what was committed, marks it, and says nothing of what was rolled back (H104, H121)", () =>
    Effect.gen(function*() {
      yield* clean
      const { bodies, layer } = noting()
      yield* append(say("a", 1), say("b", 2))
      yield* Effect.ignore(atomically(Effect.zipRight(append(say("a", 9)), Effect.fail("no"))))
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(bodies().toSorted(), [1, 2])
    }))

  it.scoped("is woken by the commit, long before it would have looked", () =>
    Effect.gen(function*() {
      yield* clean
      const { layer, size } = noting()
      yield* Relay.make({ ...quick, poll: Duration.hours(1) }).pipe(Effect.provide(layer))
      yield* append(say("a", 1))
      yield* Effect.flatMap(Outbox, ({ wake }) => wake)
      yield* eventually(size, (n) => n === 1)
    }))

  it.scoped("asks for nothing while as much as may be is under way, however often it is woken (H119)", () =>
    Effect.gen(function*() {
      yield* clean
      const answer = yield* Deferred.make<void>()
      let handed = 0
      const { layer } = noting(() => Effect.zipRight(Effect.sync(() => handed += 1), Deferred.await(answer)))
      yield* append(...Array.from({ length: 10 }, (_, index) => say(`key ${index}`, index)))
      yield* Relay.make({ ...quick, poll: Duration.hours(1), batch: 4, inFlight: 4 }).pipe(Effect.provide(layer))
      yield* Effect.addFinalizer(() => Deferred.succeed(answer, undefined))
      yield* eventually(Effect.sync(() => handed), (n) => n === 4)
      yield* wakesWhileNobodyMayLook
      yield* Deferred.succeed(answer, undefined)
      yield* eventually(unpublished, (n) => n === 0)
    }))

  it.scoped("finds what was committed although nobody woke it (H119)", () =>
    Effect.gen(function*() {
      yield* clean
      const { layer, size } = noting()
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      yield* append(say("a", 1))
      yield* eventually(size, (n) => n === 1)
      yield* append(say("a", 2))
      yield* eventually(size, (n) => n >= 2)
    }))

  it.scoped("says a backlog of many batches once each, with a bounded number in flight (H109, H123)", () =>
    Effect.gen(function*() {
      yield* clean
      const flying = yield* Ref.make(0)
      const most = yield* Ref.make(0)
      const { bodies, layer } = noting(() =>
        Ref.updateAndGet(flying, (n) => n + 1).pipe(
          Effect.tap((n) => Ref.update(most, (m) => Math.max(m, n))),
          Effect.zipRight(Effect.yieldNow()),
          Effect.zipRight(Ref.update(flying, (n) => n - 1))
        )
      )
      const numbers = Array.from({ length: 1000 }, (_, n) => n)
      yield* append(...numbers.map((n) => say(`k${n % 200}`, n)))
      yield* Relay.make({ ...quick, batch: 50, inFlight: 120 }).pipe(Effect.provide(layer))
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(bodies().toSorted((a, b) => a - b), numbers)
      assert.isAtMost(yield* Ref.get(most), 120)
    }))

  it.effect("says a thing again with the same id when it was killed before marking it (H105)", () =>
    Effect.gen(function*() {
      yield* clean
      const { layer, published, size } = noting(() => Effect.void)
      yield* append(say("a", 1))
      const [row] = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT message_id AS id FROM outbox`)
      // The mark waits for the row's lock, so the kill comes after publishing and before marking.
      const locked = yield* Deferred.make<void>()
      const free = yield* Deferred.make<void>()
      const lock = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 FROM outbox_unsent FOR UPDATE`)
        .pipe(
          Effect.tap(() => Deferred.succeed(locked, undefined)),
          Effect.tap(() => Deferred.await(free)),
          atomically,
          Effect.fork
        )
      yield* Deferred.await(locked)
      const scope = yield* Scope.make()
      yield* Scope.extend(Relay.make(quick).pipe(Effect.provide(layer)), scope)
      yield* eventually(size, (n) => n === 1)
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.succeed(free, undefined)
      yield* Fiber.join(lock)
      assert.strictEqual(yield* unpublished, 1)
      yield* Effect.scoped(Effect.zipRight(
        Effect.provide(Relay.make(quick), layer),
        eventually(unpublished, (n) => n === 0)
      ))
      assert.deepStrictEqual(published.map(({ id }) => id), [row?.["id"], row?.["id"]])
    }))

  it.scoped("never skips a row whose lower number was committed later (H107)", () =>
    Effect.gen(function*() {
      yield* clean
      const { bodies, layer, size } = noting()
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      const appended = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const slow = yield* append(say("a", 1)).pipe(
        Effect.zipRight(Deferred.succeed(appended, undefined)),
        Effect.zipRight(Deferred.await(commit)),
        atomically,
        Effect.fork
      )
      yield* Deferred.await(appended)
      yield* append(say("b", 2))
      yield* eventually(size, (n) => n === 1)
      assert.deepStrictEqual(bodies(), [2])
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(slow)
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(bodies(), [2, 1])
    }))

  it.scoped("makes later messages of a subject wait for one that cannot be said, and nobody else (H116, H117)", () =>
    Effect.gen(function*() {
      yield* clean
      const down = yield* Ref.make(true)
      const { bodies, layer, size } = noting((publication) =>
        numberOf(publication) === 1
          ? Effect.whenEffect(new Unpublished({ reason: "down" }), Ref.get(down))
          : Effect.void
      )
      yield* append(say("a", 1), say("a", 2), say("b", 3))
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      yield* eventually(size, (n) => n === 1)
      yield* append(say("a", 4), say("c", 5))
      yield* eventually(size, (n) => n === 2)
      assert.deepStrictEqual(bodies(), [3, 5])
      yield* Ref.set(down, false)
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(bodies(), [3, 5, 1, 2, 4])
    }))

  it.scoped("goes on after a broker that dies by a bug", () =>
    Effect.gen(function*() {
      yield* clean
      const calls = yield* Ref.make(0)
      const { bodies, layer } = noting(() =>
        Effect.flatMap(Ref.updateAndGet(calls, (n) => n + 1), (n) => n === 1 ? Effect.die("bug") : Effect.void)
      )
      yield* append(say("a", 1), say("a", 2))
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(bodies(), [1, 2])
    }))

  it.scoped("lets a slow subject and a slow timer hold up nobody else", () =>
    Effect.gen(function*() {
      yield* clean
      const go = yield* Deferred.make<void>()
      const slow = new Set([1, 2])
      const { bodies, layer, size } = noting((publication) =>
        slow.has(numberOf(publication)) ? Deferred.await(go) : Effect.void
      )
      yield* append(
        say("a", 1),
        Counter.CountDue.say({ key: "b", amount: 2 }),
        Counter.CountDue.say({ key: "b", amount: 3 }),
        say("b", 4),
        say("a", 5)
      )
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      yield* eventually(size, (n) => n === 2)
      assert.deepStrictEqual(bodies().toSorted(), [3, 4])
      yield* Deferred.succeed(go, undefined)
      yield* eventually(unpublished, (n) => n === 0)
    }))

  it.scoped("says a timer at its due time and not before, by the database's clock (H168)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      const { layer, size } = noting()
      yield* Relay.make(quick).pipe(Effect.provide(layer))
      const [row] = yield* sql<{ due: Date }>`SELECT clock_timestamp() + interval '300 milliseconds' AS due`
      const due = DateTime.unsafeMake(row?.due ?? 0)
      yield* append(Counter.CountDue.later({ key: "a", amount: 1 }, due), say("a", 2))
      yield* eventually(size, (n) => n === 1)
      yield* eventually(size, (n) => n === 2)
      const late = yield* sql`
        SELECT clock_timestamp() >= due_at AS after, clock_timestamp() < due_at + interval '2 seconds' AS soon
        FROM outbox WHERE due_at IS NOT NULL`
      yield* eventually(unpublished, (n) => n === 0)
      assert.deepStrictEqual(late, [{ after: true, soon: true }])
    }))

  it.scoped("stands by while another holds the lease, and takes over when that one fell silent (H120)", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      const lease = Duration.millis(400)
      const first = noting()
      const second = noting()
      const scope = yield* Scope.make()
      yield* Scope.extend(
        Relay.make({ ...quick, holder: "first", lease }).pipe(Effect.provide(first.layer)),
        scope
      )
      yield* eventually(sql`SELECT holder FROM relay_lease`, ([row]) => row?.["holder"] === "first")
      yield* Relay.make({ ...quick, holder: "second", lease }).pipe(Effect.provide(second.layer))
      // Three times over the first one's lease is prolonged while the second would like to have it.
      const until = Effect.map(
        sql<{ until: Date }>`SELECT expires_at AS until FROM relay_lease`,
        ([row]) => row?.until.getTime() ?? 0
      )
      for (let n = 1; n <= 4; n++) {
        const before = yield* until
        yield* append(say("a", n))
        yield* eventually(first.size, (size) => size === n)
        yield* eventually(until, (now) => now > before)
      }
      assert.deepStrictEqual(second.bodies(), [])
      yield* Scope.close(scope, Exit.void)
      yield* append(say("a", 5))
      yield* eventually(second.size, (n) => n === 1)
      const [held] = yield* sql`SELECT holder, fence FROM relay_lease`
      assert.strictEqual(held?.["holder"], "second")
      assert.deepStrictEqual([first.bodies(), second.bodies()], [[1, 2, 3, 4], [5]])
    }))

  it.scoped("looks at nothing while it stands by, however often its own commits wake it", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      const { layer, size } = noting()
      yield* sql`UPDATE relay_lease SET holder = 'the other', expires_at = now() + interval '1 hour'`
      yield* append(say("a", 1))
      yield* Relay.make({ ...quick, holder: "standing by" }).pipe(Effect.provide(layer))
      yield* wakesWhileNobodyMayLook
      yield* sql`UPDATE relay_lease SET expires_at = '-infinity'`
      yield* eventually(size, (n) => n === 1)
    }))

  it.scoped("gives its lease back when it ends, so that another replica need not wait for it to run out", () =>
    Effect.gen(function*() {
      yield* clean
      const { layer, size } = noting()
      const lease = Duration.hours(1)
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Relay.make({ ...quick, lease }).pipe(
          Effect.provide(layer),
          Effect.provideService(Relay.Replica, "one of two")
        )
        yield* append(say("a", 1))
        yield* eventually(size, (n) => n === 1)
      }))
      yield* Relay.make({ ...quick, holder: "the other", lease }).pipe(Effect.provide(layer))
      yield* append(say("a", 2))
      yield* eventually(size, (n) => n >= 2)
    }))

  it.scoped("keeps its lease while as much as may be is under way", () =>
    Effect.gen(function*() {
      yield* clean
      const sql = yield* SqlClient.SqlClient
      const go = yield* Deferred.make<void>()
      const { layer } = noting(() => Deferred.await(go))
      yield* append(say("a", 1), say("b", 2))
      const stuck = { ...quick, holder: "stuck", inFlight: 1, lease: Duration.millis(200) }
      yield* Relay.make(stuck).pipe(Effect.provide(layer))
      const until = eventually(
        sql<{ until: Date }>`SELECT expires_at AS until FROM relay_lease WHERE holder = 'stuck'`,
        (rows) => rows.length === 1
      )
      const [before] = yield* until
      yield* eventually(until, ([now]) => (now?.until.getTime() ?? 0) > (before?.until.getTime() ?? 0) + 1000)
      yield* Deferred.succeed(go, undefined)
      yield* eventually(unpublished, (n) => n === 0)
    }))

  it.scoped("keeps each subject's order and loses nothing, with two relays at once and rows still coming (H106)", () =>
    Effect.gen(function*() {
      yield* clean
      const { layer, published } = noting(() => Effect.flatMap(Random.nextIntBetween(0, 4), (n) => Effect.sleep(n)))
      const relay = (holder: string) =>
        Relay.make({ ...quick, holder, batch: 20, inFlight: 60, lease: Duration.millis(30) }).pipe(
          Effect.provide(layer)
        )
      // The leases are shorter than the looks are apart, so both hold it in turns while rows of both are in flight.
      yield* relay("left")
      yield* relay("right")
      const subjects = Array.from({ length: 12 }, (_, n) => `subject ${n}`)
      yield* Effect.forEach(subjects, (subject) =>
        Effect.gen(function*() {
          for (let n = 0; n < 40;) {
            const size = yield* Random.nextIntBetween(1, 4)
            yield* append(...Array.from({ length: size }, (_, offset) => say(subject, n + offset)))
            n += size
          }
        }), { concurrency: "unbounded" })
      yield* eventually(unpublished, (n) => n === 0)
      const fence = yield* Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => countOf(sql`SELECT fence AS n FROM relay_lease`)
      )
      assert.isAbove(fence, 2)
      for (const subject of subjects) {
        const first = [...new Set(published.filter((one) => one.subject === subject).map(numberOf))]
        assert.deepStrictEqual(first, first.map((_, n) => n))
        assert.isAtLeast(first.length, 40)
      }
    }))
})
