import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as RabbitMqQueues from "@quartet/messaging/RabbitMqQueues"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Console, Effect, Fiber, Redacted, Ref, Schema } from "effect"
import { decodeJwt } from "jose"
import * as Customer from "quartet/demo/Customer"
import { ask } from "quartet/Shop"
import * as Token from "quartet/Token"
import { inject } from "vitest"
import { seeded } from "../support/Chance.ts"
import type { Diary } from "../support/Crowd.ts"
import { changedAnswers, crowd, newDiary } from "../support/Crowd.ts"
import { giveBack } from "../support/Desk.ts"
import { order as place, post } from "../support/Edge.ts"
import * as Process from "../support/Process.ts"
import { settleRefunds } from "../support/Provider.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import { count, rows } from "../support/Tables.ts"
import * as Releases from "./Releases.ts"
// Types what `inject` gives.
import "./setup.ts"

type Both = Effect.Effect.Success<ReturnType<typeof Releases.make>>

const releaseBefore = inject("releaseBefore")
const canRun = RabbitMqTest.isAvailable && releaseBefore !== undefined
const both = (settings: Parameters<typeof Releases.make>[1]) => Releases.make(releaseBefore ?? "", settings)

const Statuses = Schema.Struct({ status: Schema.String, orders: Schema.NumberFromString })
const statuses = rows(
  Statuses,
  `SELECT status, count(*)::text AS orders FROM "order".orders GROUP BY status ORDER BY status`
)

/** Nothing waits for a person, every promise holds, and the command that operators have says so too. */
const allIsWell = Effect.fn("allIsWell")(function*({ now, verify }: Both) {
  assert.deepStrictEqual(yield* Effect.provide(brokenAtRest(), now.edge), [])
  const { code, report } = yield* verify
  assert.strictEqual(code, 0, report)
  for (const service of ["\"order\"", "payment", "inventory", "warehouse"]) {
    assert.strictEqual(yield* Effect.provide(count(`${service}.parked_messages`), now.edge), 0, service)
  }
})

/** The same customer at the other release's edge. */
const movedTo = (release: Releases.Release, { token }: { readonly token?: Redacted.Redacted<string> }) =>
  Effect.gen(function*() {
    const { sub = "" } = decodeJwt(token === undefined ? "" : Redacted.value(token))
    return { url: release.of.order.url, token: yield* Token.forCustomer(sub) }
  }).pipe(Effect.provide(release.edge))

/** What the release before answered, to be asked again at this one's edge. Refusals are decided again. */
const kept = (diary: Diary, before: Releases.Release, now: Releases.Release) =>
  Effect.map(
    Effect.forEach(
      diary.deeds.filter(({ status }) => status < 300),
      (deed) =>
        Effect.map(movedTo(now, deed.request), ({ token }) => {
          const url = deed.request.url.replace(before.of.order.url, now.of.order.url)
          return { ...deed, request: { ...deed.request, url, token } }
        })
    ),
    (deeds): Diary => ({ ...newDiary(), deeds })
  )

const placed = (...diaries: ReadonlyArray<Diary>) =>
  diaries.flatMap(({ deeds }) => deeds).filter(({ request }) => request.url.endsWith("/orders")).length

/** A crowd at one release's edge, until it is told to end. */
const crowdAt = Effect.fn("crowdAt")(function*({ edge }: Releases.Release, sku: string) {
  const diary = newDiary()
  const goesOn = yield* Ref.make(true)
  const orders = yield* Effect.forkScoped(Effect.provide(crowd(diary, sku, 5, Ref.get(goesOn)), edge))
  const reaches = (enough: number) =>
    Effect.raceFirst(
      until(Effect.sync(() => placed(diary)), (found) => found >= enough, "3 minutes"),
      Effect.zipRight(Fiber.join(orders), Effect.never)
    )
  return { diary, reaches, end: Effect.zipRight(Ref.set(goesOn, false), Fiber.join(orders)) }
})

interface Story {
  readonly customer: Customer.Customer
  readonly order: { readonly id: string }
}

/** An order of the release before whose refund fails at the bank. */
const withFailedRefund = (sku: string) =>
  Effect.gen(function*() {
    const customer = yield* newCustomer
    const order = yield* Customer.place(customer, sku, 1)
    yield* pay(customer, order, "pm_card_refundFail")
    yield* becomes(customer, order, "Shipped")
    yield* giveBack(order, { amount: 500 })
    yield* settleRefunds(order)
    const { refunds } = yield* until(Customer.look(customer, order), ({ refund }) => refund === "failed")
    return { customer, order, refundId: refunds?.[0]?.id ?? "" }
  })

const Settled = Schema.Struct({ id: Schema.String, seq: Schema.String })

/** An operator settles the refund at this release's desk, and only the release before listens. */
const settle = Effect.fn("settle")(function*({ now }: Both, refundId: string) {
  const url = `${now.of.payment.ops}/refunds/${refundId}/settle`
  const token = yield* Token.forOperator
  const { status } = yield* ask({ method: "POST", url, token, body: { because: "transferred by hand" } })
  assert.strictEqual(status, 200)
  yield* until(
    rows(
      Settled,
      `SELECT message_id::text AS id, seq::text FROM payment.outbox WHERE type = 'payment.refund_settled.v1'
        AND seq NOT IN (SELECT seq FROM payment.outbox_unsent)`
    ),
    (found) => found.length === 1
  )
})

/** What an orchestrator does with a process that died: it starts the same release again. */
const killAndStart = Effect.fn("killAndStart")(function*(member: Releases.Release["members"][number]) {
  yield* Process.kill(yield* member.running)
  yield* Releases.start([member])
})

/** All of the release before are there first; this one's come beside them, under load; then the former are stopped. */
const upgrade = Effect.fn("upgrade")(function*(releases: Both) {
  const { before, now } = releases
  yield* Releases.start(before.members)
  const sku = yield* Effect.provide(newProduct(10_000), before.edge)
  const old = yield* crowdAt(before, sku)
  yield* old.reaches(20)
  const story = yield* Effect.provide(withFailedRefund(sku), before.edge)

  // The order service comes last, so that a type that it does not know reaches the release before and nobody else.
  yield* Releases.start([now.of.inventory, now.of.payment, now.of.warehouse])
  yield* Effect.provide(settle(releases, story.refundId), now.edge)
  yield* Releases.start([now.of.order])
  const young = yield* crowdAt(now, sku)
  yield* young.reaches(10)
  // The lease of its relay is this release's now, which sends messages that it does not know to the release before.
  yield* killAndStart(before.of.inventory)
  yield* young.reaches(40)
  yield* old.reaches(60)
  yield* until(
    Effect.provide(count("inventory.delivery_audits WHERE consumer <> '' AND manifest > 0"), now.edge),
    (audited) => audited > 0
  )

  yield* old.end
  assert.deepStrictEqual(
    yield* Releases.stop(before.members),
    before.members.map(({ name }) => ({ name, code: 0 }))
  )
  const enough = placed(young.diary) + 20
  yield* young.reaches(enough)
  yield* young.end
  return { story, old: old.diary, young: young.diary }
})

const final = new Set(["Cancelled", "Failed", "Shipped"])

const looksFine = Effect.fn("looksFine")(
  function*(releases: Both, story: Story, { old, young }: Readonly<Record<"old" | "young", Diary>>) {
    const { before, now } = releases
    assert.isAtLeast(placed(old, young), 100)
    assert.deepStrictEqual([...old.shocking, ...young.shocking], [])
    yield* allIsWell(releases)

    const found = yield* Effect.provide(statuses, now.edge)
    assert.deepStrictEqual(found.map(({ status }) => status), [...final])
    assert.strictEqual(found.reduce((sum, { orders }) => sum + orders, 0), placed(old, young) + 1)

    // The release before ignored the settlement; the audit of deliveries brought it again.
    const customer = yield* movedTo(now, story.customer)
    const { refund } = yield* Effect.provide(Customer.look(customer, story.order), now.edge)
    assert.notStrictEqual(refund, "failed")
    const again = yield* kept(old, before, now)
    assert.isAtLeast(again.deeds.length, 50)
    assert.deepStrictEqual(yield* changedAnswers(again), [])
  }
)

const Depth = Schema.Struct({ unsent: Schema.NumberFromString })
const unsent = Effect.map(
  rows(Depth, `SELECT count(*)::text AS unsent FROM "order".outbox_unsent WHERE due_at IS NULL`),
  ([row]) => row?.unsent ?? 0
)

/** How many messages wait in the queue of a consumer. */
const waiting = ({ broker: { namespace, url } }: Both, consumer: string) =>
  RabbitMqQueues.depths({ url, namespace, subscriptions: subscriptions.filter((one) => one.consumer === consumer) })
    .pipe(
      Effect.map((depths) => depths[0]?.messages ?? 0)
    )

/** The release before accepts orders and payments which it does not carry out any more: they rest in queues and in its outbox. */
const leaveBehind = Effect.fn("leaveBehind")(function*(releases: Both) {
  const { before: { members, of }, broker } = releases
  const sku = yield* newProduct(1000)
  const customer = yield* newCustomer
  const orders = Effect.replicateEffect(Customer.place(customer, sku, 1), 6, { concurrency: 6 })
  const some = Effect.replicateEffect(place(customer, [{ sku, quantity: 1 }]), 6)
  const request = (order: Placed) =>
    post(customer, `/orders/${order.id}/pay`, { key: order.id, body: { paymentMethodId } })
  const requestAll = (orders: ReadonlyArray<Placed>) =>
    Effect.map(
      Effect.forEach(orders, request),
      (answers) => assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [202])
    )
  const [queued, unpublished, unpaid] = [yield* orders, yield* orders, yield* orders]
  yield* Releases.stop(members.filter(({ name }) => name !== "order"))
  const drafts = yield* some
  yield* requestAll(queued)
  yield* until(waiting(releases, "inventory"), (messages) => messages >= drafts.length)
  yield* until(waiting(releases, "payment"), (messages) => messages >= queued.length)
  yield* broker.cutFromBefore
  const draftsUnpublished = yield* some
  yield* requestAll(unpublished)
  yield* Process.kill(yield* of.order.running)
  assert.isAtLeast(yield* unsent, unpublished.length + draftsUnpublished.length)
  return { customer, paid: [...queued, ...unpublished], unpaid: [...unpaid, ...drafts, ...draftsUnpublished] }
})

interface Placed {
  readonly id: string
}

const paymentMethodId = "pm_card_visa"
const live = Effect.provide(NodeHttpClient.layer)

/** Shows what the processes logged, where the test fails. */
const telling = <A, E, R>({ logs }: Both, test: Effect.Effect<A, E, R>) =>
  Effect.tapErrorCause(test, () => Effect.flatMap(logs, Console.error))

describe.skipIf(!canRun)("processes of the release before and of this one, side by side", () => {
  it.scopedLive(
    "park nothing, end every order and keep every promise while a crowd orders at both edges (H160, H167, H175)",
    () =>
      seeded(Effect.gen(function*() {
        const releases = yield* both({ before: {}, now: { DELIVERY_AUDIT_EVERY: "1 seconds" } })
        yield* telling(
          releases,
          Effect.gen(function*() {
            const { story, ...diaries } = yield* upgrade(releases)
            yield* looksFine(releases, story, diaries)
          })
        )
      })).pipe(live),
    600_000
  )
})

describe.skipIf(!canRun)("messages that the release before left in queues and in its outbox", () => {
  it.scopedLive(
    "are handled by this release, timers too, and every order ends (H167, H178)",
    () =>
      Effect.gen(function*() {
        const hold = { ORDER_HOLD_EXPIRES_AFTER: "45 seconds" }
        const releases = yield* both({ before: hold, now: hold })
        const { before, now } = releases
        yield* telling(
          releases,
          Effect.gen(function*() {
            yield* Releases.start(before.members)
            const { customer, paid, unpaid } = yield* Effect.provide(leaveBehind(releases), before.edge)
            yield* Releases.start(now.members)
            const moved = yield* movedTo(now, customer)
            const end = (order: Placed) =>
              until(Customer.look(moved, order), ({ status }) => final.has(status), "3 minutes")
            const ends = yield* Effect.provide(Effect.forEach([...paid, ...unpaid], end), now.edge)
            assert.deepStrictEqual(ends.map(({ status }) => status), [
              ...paid.map(() => "Shipped"),
              ...unpaid.map(() => "Cancelled")
            ])
            yield* allIsWell(releases)
          })
        )
      }).pipe(live),
    600_000
  )
})
