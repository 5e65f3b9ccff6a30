import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { Listed, Listing } from "@quartet/hosting/ParkedRoutes"
import * as ParkedRoutes from "@quartet/hosting/ParkedRoutes"
import { Clock, Console, DateTime, Duration, Effect, Option, Schema } from "effect"
import { ask, given, hasNoDesk, NobodyThere, services } from "./Desks.ts"
import type { Ask } from "./Shop.ts"

/** No such message waits. */
export class NotParked extends Schema.TaggedError<NotParked>()("NotParked", { id: Schema.String }) {
  override get message() {
    return `No message ${this.id} waits. It may have been replayed or discarded already; list shows those that wait.`
  }
}

/** Which messages a command is about. */
export interface Choice {
  /** Where operators are heard; `OPS_URL`, or this machine's usual ports, when empty. */
  readonly urls: ReadonlyArray<string>
  readonly service: Option.Option<string>
}

/** A service's name and the id of a message there, as the list shows them: `order/12`. */
export const Address = Schema.String.pipe(
  Schema.pattern(/^[a-z]+\/\d+$/, { message: () => "An id is what list shows, such as order/12." })
)

/** One process that answers, and what waits with its services. */
interface Answered extends Listing {
  readonly url: string
}

/** Asks every process; replicas of a service look into one table, so the first that answers for it is enough. */
const survey = Effect.fn("Parked.survey")(function*({ service, urls }: Choice) {
  const all = (urls.length === 0 ? yield* given : urls).map((url) => url.replace(/\/+$/, ""))
  const query = Option.match(service, { onNone: () => "", onSome: (name) => `?service=${encodeURIComponent(name)}` })
  const answers = yield* Effect.forEach(
    all,
    (url) =>
      ask({ method: "GET", url: `${url}/parked${query}` }, ParkedRoutes.Listing).pipe(
        Effect.map((listing) => [{ ...listing, url }]),
        Effect.catchIf(hasNoDesk, () => Effect.succeed<Array<Answered>>([]))
      )
  )
  if (answers.flat().length === 0) return yield* new NobodyThere({ urls: all })
  const known = new Set<string>()
  const firsts = answers.flat().flatMap((answered) => {
    const fresh = answered.services.filter((name) => !known.has(name))
    fresh.forEach((name) => known.add(name))
    return fresh.length === 0 ? [] : [{ ...answered, services: fresh }]
  })
  const silent = services.filter((name) => !known.has(name) && Option.getOrElse(service, () => name) === name)
  if (silent.length > 0) yield* Console.error(`No answer from ${silent.join(", ")}: OPS_URL says where to ask.`)
  return firsts
})

/** What was found, without what another process answers for. */
const itemsOf = (answers: ReadonlyArray<Answered>) =>
  answers.flatMap(({ items, services, url }) =>
    items.filter(({ service }) => services.includes(service)).map((item) => ({ ...item, url }))
  )

/** The largest unit alone: `3d`. */
const ageOf = (now: number, { parkedAt }: Listed): string => {
  const seconds = Math.max(0, Math.floor((now - DateTime.toEpochMillis(parkedAt)) / 1000))
  return Duration.format(Duration.seconds(seconds)).split(" ")[0] ?? ""
}

const head = ["ID", "TYPE", "SUBJECT", "AGE", "ATTEMPTS", "REASON"]

/** Columns as wide as what is in them; the last may be as long as it is. */
const tableOf = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n")
}

/** Prints what waits, oldest first in each service. */
export const list = Effect.fn("Parked.list")(function*(choice: Choice) {
  const answers = yield* survey(choice)
  const items = itemsOf(answers)
  const now = yield* Clock.currentTimeMillis
  if (items.length === 0) return yield* Console.log("Nothing is parked.")
  const rows = items.map((item) => [
    `${item.service}/${item.id}`,
    item.type === "" ? "?" : item.type,
    item.subject === "" ? "?" : item.subject,
    ageOf(now, item),
    String(item.attempts),
    item.reason
  ])
  yield* Console.log(tableOf([head, ...rows]))
  const waiting = answers.reduce((sum, answer) => sum + answer.waiting, 0)
  if (waiting > items.length) yield* Console.log(`… and ${waiting - items.length} more: these are the oldest.`)
}, Effect.provide(NodeHttpClient.layer))

/** Asks the desk of one message; that it does not wait there is told by its name. */
const atDesk = Effect.fnUntraced(function*<A, I>(
  { urls }: Pick<Choice, "urls">,
  address: string,
  request: Pick<Ask, "method" | "body"> & { readonly path: string },
  answer: Schema.Schema<A, I>
) {
  const [service = "", id = ""] = address.split("/")
  const desk = (yield* survey({ urls, service: Option.some(service) })).find(({ services }) =>
    services.includes(service)
  )
  if (desk === undefined) return yield* new NotParked({ id: address })
  const { path, ...asked } = request
  return yield* ask({ ...asked, url: `${desk.url}/parked/${service}/${id}${path}` }, answer).pipe(
    Effect.mapError((error) =>
      error._tag === "Unexpected" && error.status === 404 ? new NotParked({ id: address }) : error
    )
  )
})

/** Prints one message: all that is known of it, the whole reason, and the envelope. */
export const show = Effect.fn("Parked.show")(function*(at: Pick<Choice, "urls">, address: string) {
  const found = yield* atDesk(at, address, { method: "GET", path: "" }, ParkedRoutes.Shown)
  yield* Console.log([
    `id        ${found.service}/${found.id}`,
    `consumer  ${found.consumer}`,
    `message   ${found.messageId}`,
    `type      ${found.type}`,
    `subject   ${found.subject}`,
    `parked    ${DateTime.formatIso(found.parkedAt)}`,
    `attempts  ${found.attempts}`,
    "",
    "reason",
    found.reason,
    "",
    found.encoding === undefined ? "envelope" : `envelope, in ${found.encoding}`,
    found.envelope
  ].join("\n"))
}, Effect.provide(NodeHttpClient.layer))

const soon = "Consumers do this within seconds; what fails again stays parked."

/** Asks for one message again. Twice is harmless: it is handled once. */
export const replay = Effect.fn("Parked.replay")(function*(at: Pick<Choice, "urls">, address: string) {
  yield* atDesk(at, address, { method: "POST", path: "/replay" }, ParkedRoutes.Replays)
  yield* Console.log(`${address} will be replayed. ${soon}`)
}, Effect.provide(NodeHttpClient.layer))

/** Asks for all that wait. */
export const replayAll = Effect.fn("Parked.replayAll")(function*(choice: Choice) {
  const counts = yield* Effect.forEach(
    yield* survey(choice),
    ({ services, url }) =>
      Effect.forEach(
        services,
        (service) => ask({ method: "POST", url: `${url}/parked/replay?service=${service}` }, ParkedRoutes.Replays)
      )
  )
  const replays = counts.flat().reduce((sum, { replays }) => sum + replays, 0)
  yield* Console.log(replays === 0 ? "Nothing is parked." : `${replays} will be replayed. ${soon}`)
}, Effect.provide(NodeHttpClient.layer))

/** Gives one up for good, saying why. */
export const discard = Effect.fn("Parked.discard")(
  function*(at: Pick<Choice, "urls">, address: string, because: string) {
    const body = { because }
    yield* atDesk(at, address, { method: "POST", path: "/discard", body }, ParkedRoutes.Discarded)
    yield* Console.log(`${address} is discarded.`)
  },
  Effect.provide(NodeHttpClient.layer)
)

/** Has the services say again what they said in this last while. Whoever handled a message already ignores it. */
export const sayAgain = Effect.fn("Parked.sayAgain")(function*(choice: Choice, last: Duration.Duration) {
  const body = { lastSeconds: Math.ceil(Duration.toSeconds(last)) }
  const counts = yield* Effect.forEach(
    yield* survey(choice),
    ({ services, url }) =>
      Effect.forEach(
        services,
        (service) => ask({ method: "POST", url: `${url}/said/again?service=${service}`, body }, ParkedRoutes.SaidAgain)
      )
  )
  const messages = counts.flat().reduce((sum, one) => sum + one.messages, 0)
  yield* Console.log(`${messages} messages are said again. Whoever handled them already ignores them.`)
}, Effect.provide(NodeHttpClient.layer))
