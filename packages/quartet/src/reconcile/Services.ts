import * as ParkedRoutes from "@quartet/hosting/ParkedRoutes"
import * as ReconcileRoutes from "@quartet/hosting/ReconcileRoutes"
import type { Look, Repairs } from "@quartet/hosting/Reconciling"
import { Array, Duration, Effect, Option } from "effect"
import { ask, given, hasNoDesk, NobodyThere } from "../Desks.ts"
import type { Speaker } from "./Finding.ts"

/** Which processes are asked, and how far back the provider's books are read; none is as the service is set. */
export interface Where {
  readonly urls: ReadonlyArray<string>
  readonly last: Option.Option<Duration.Duration>
}

/** What one service found by itself. */
export interface Own extends Look {
  readonly service: string
}

/** Who can compare by themselves: the payment service with the provider, inventory with its ledger. */
const comparing = ["payment", "inventory"]

const addresses = ({ urls }: Where) =>
  Effect.map(urls.length === 0 ? given : Effect.succeed(urls), (all) => all.map((url) => url.replace(/\/+$/, "")))

const secondsOf = (last: Duration.Duration): number => Math.ceil(Duration.toSeconds(last))

const lookAt = ({ last }: Where, service: string) => (url: string) => {
  const query = Option.match(last, { onNone: () => "", onSome: (given) => `&lastSeconds=${secondsOf(given)}` })
  return Effect.map(
    ask({ method: "GET", url: `${url}/mismatches?service=${service}${query}` }, ReconcileRoutes.Looks),
    ({ looks }): ReadonlyArray<Own> => looks
  )
}

/** What the first process answers that has the service; replicas share their books. */
const first = <A, E extends { readonly _tag: string; readonly status?: number }, R>(
  urls: ReadonlyArray<string>,
  at: (url: string) => Effect.Effect<ReadonlyArray<A>, E, R>
) =>
  Effect.gen(function*() {
    let isThere = false
    for (const url of urls) {
      const answer = yield* at(url).pipe(Effect.asSome, Effect.catchIf(hasNoDesk, () => Effect.succeedNone))
      isThere = isThere || Option.isSome(answer)
      const found = Option.flatMap(answer, Array.head)
      if (Option.isSome(found)) return found
    }
    return isThere ? Option.none<A>() : yield* new NobodyThere({ urls })
  })

/** What the services find by themselves. One that is silent is said to be so: nothing is known of its books. */
export const look = Effect.fn("Services.look")(function*(where: Where) {
  const urls = yield* addresses(where)
  return yield* Effect.forEach(comparing, (service) =>
    Effect.map(
      first(urls, lookAt(where, service)),
      Option.getOrElse((): Own => ({ service, mismatches: [], unread: `nobody answers for ${service}; see OPS_URL` }))
    ))
})

/** So many at a time. */
const most = 1000

/** Has a service put right what it found, as far as it is still so. */
export const repair = Effect.fn("Services.repair")(
  function*(where: Where, service: string, ids: ReadonlyArray<string>) {
    const urls = yield* addresses(where)
    const lastSeconds = Option.getOrUndefined(Option.map(where.last, secondsOf))
    const made = yield* Effect.forEach(Array.chunksOf(ids, most), (some) => {
      const body = { ids: some, ...(lastSeconds === undefined ? {} : { lastSeconds }) }
      return first(urls, (url) =>
        Effect.map(
          ask({ method: "POST", url: `${url}/mismatches/repair?service=${service}`, body }, ReconcileRoutes.AllRepairs),
          ({ repairs }): ReadonlyArray<Repairs> => repairs
        ))
    })
    return Array.getSomes(made)
  }
)

/** Has a service say again what it said of these orders, wherever it runs. */
export const sayAgain = Effect.fn("Services.sayAgain")(
  function*(where: Where, speaker: Speaker, orderIds: ReadonlyArray<string>) {
    const urls = yield* addresses(where)
    yield* Effect.forEach(
      Array.chunksOf(orderIds, most),
      (subjects) =>
        Effect.forEach(urls, (url) =>
          ask(
            { method: "POST", url: `${url}/said/again?service=${speaker}`, body: { subjects } },
            ParkedRoutes.SaidAgain
          )
            .pipe(Effect.catchIf(hasNoDesk, () => Effect.void)))
    )
  }
)
