import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type { Principal } from "@quartet/contracts/Authorization"
import type { Context } from "effect"
import { Config, Effect, Option } from "effect"
import { Auth, tokenOf } from "./Auth.ts"
import { Refused } from "./Problem.ts"
import * as SenderAddress from "./SenderAddress.ts"
import * as Settings from "./Settings.ts"
import type { Taken } from "./TokenBuckets.ts"
import * as TokenBuckets from "./TokenBuckets.ts"

/** What an answer says of the limit. */
export type Fields = Readonly<Record<string, string>>

/** A request that was let in. */
export interface Admitted {
  readonly fields: Fields
  /** Whose share of the places it takes: a customer's, that of all strangers together, or, for operators, nobody's. */
  readonly owner: string | undefined
}

/** All who bring no good token are one owner; no subject of a token is empty. */
export const strangers = ""

/** Lets the request in with what its answer says of the limit, or refuses it before anything is read or written for it. */
export type Admit = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Admitted, Refused>

type Sender = Context.Tag.Service<Principal>

/** Whoever has it may send as much as they like. */
const exempt = "operator"

const free = Effect.succeed<Admitted>({ fields: {}, owner: undefined })
const unlimited = (owner: string) => Effect.succeed<Admitted>({ fields: {}, owner })

const most = 1_000_000
const rateOf = (name: string, perSecond: number, burst: number) =>
  Config.all({
    perSecond: Settings.whole(`${name}_REQUESTS_PER_SECOND`, perSecond, { from: 0, to: most }),
    burst: Settings.whole(`${name}_REQUESTS_BURST`, burst, { from: 1, to: most })
  })

export const rates = Config.all({
  customer: rateOf("CUSTOMER", 200, 400),
  // Many people may share an address, and all do behind a proxy.
  address: rateOf("ADDRESS", 500, 1000)
})

const bucketsOf = (rate: TokenBuckets.Rate): Option.Option<TokenBuckets.TokenBuckets> =>
  rate.perSecond === 0 ? Option.none() : Option.some(TokenBuckets.make(rate))

/**
 * So many requests for each customer, by the subject of the token, and, of those who bring no good one, for each address.
 * The limits hold for one process: with more replicas each has its own.
 */
export const make = Effect.gen(function*() {
  const { verify } = yield* Auth
  const { address, customer } = yield* rates
  const customers = bucketsOf(customer)
  const addresses = bucketsOf(address)
  const admitAs = (request: HttpServerRequest.HttpServerRequest, principal: Option.Option<Sender>) => {
    if (Option.exists(principal, ({ scopes }) => scopes.includes(exempt))) return free
    const buckets = Option.isSome(principal) ? customers : addresses
    const owner = Option.isSome(principal) ? principal.value.subject : strangers
    if (Option.isNone(buckets)) return unlimited(owner)
    const sender = Option.isSome(principal) ? owner : addressOf(request)
    return Effect.clockWith((clock) => {
      const taken = buckets.value.take(sender, clock.unsafeCurrentTimeMillis())
      return taken.granted ? Effect.succeed({ fields: fieldsOf(taken), owner }) : tooMany(taken)
    })
  }
  const admit: Admit = (request) => {
    const token = tokenOf(request)
    if (Option.isNone(token)) return admitAs(request, Option.none())
    return Effect.matchEffect(verify(token.value), {
      onFailure: () => admitAs(request, Option.none()),
      onSuccess: (principal) => admitAs(request, Option.some(principal))
    })
  }
  return admit
})

const addressOf = ({ remoteAddress }: HttpServerRequest.HttpServerRequest): string =>
  SenderAddress.of(Option.getOrElse(remoteAddress, () => "unknown"))

/**
 * The three fields that most servers send and most clients read, of the drafts up to 06 of
 * draft-ietf-httpapi-ratelimit-headers; later ones put them into one that few know.
 */
const fieldsOf = ({ limit, remaining, resetSeconds }: Taken): Fields => ({
  "ratelimit-limit": String(limit),
  "ratelimit-remaining": String(remaining),
  "ratelimit-reset": String(resetSeconds)
})

const tooMany = (taken: Taken) =>
  new Refused({
    name: "too-many-requests",
    detail: "Wait before the next request, as long as Retry-After says.",
    headers: { ...fieldsOf(taken), "retry-after": String(taken.resetSeconds) }
  })
