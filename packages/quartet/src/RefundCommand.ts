import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as RefundRoutes from "@quartet/hosting/RefundRoutes"
import { Console, Effect, Option, Schema } from "effect"
import { ask, given, hasNoDesk, NobodyThere } from "./Desks.ts"
import { urls } from "./ParkedCommand.ts"
import type { Unexpected } from "./Shop.ts"

/** No process that answers knows the refund. */
export class UnknownRefund extends Schema.TaggedError<UnknownRefund>()("UnknownRefund", { id: Schema.String }) {
  override get message() {
    return `There is no refund ${this.id}. GET /orders/{id}/refunds lists those of an order.`
  }
}

/** The refund cannot be settled: it is under way, went back, or is covered by others. */
export class RefundNotFailed extends Schema.TaggedError<RefundNotFailed>()("RefundNotFailed", { id: Schema.String }) {
  override get message() {
    return `Refund ${this.id} has not failed, or others have returned its money; only a failed refund can be settled.`
  }
}

/** The reason cannot be kept; `detail` is the server's rule. */
export class ReasonRefused extends Schema.TaggedError<ReasonRefused>()("ReasonRefused", { detail: Schema.String }) {
  override get message() {
    return `The reason cannot be kept. ${this.detail}`
  }
}

const Problem = Schema.parseJson(Schema.Struct({ detail: Schema.String }))

/** What a status means for this refund, where it means more than that something else was expected. */
const inWords = (id: string) => (error: Unexpected) => {
  if (error.status === 409) return new RefundNotFailed({ id })
  const problem = Schema.decodeOption(Problem)(error.body)
  return error.status === 400 && Option.isSome(problem) ? new ReasonRefused(problem.value) : error
}

/** Asks each process until one knows the refund. */
const settle = Effect.fn("Refund.settle")(function*(urls: ReadonlyArray<string>, id: string, because: string) {
  const all = (urls.length === 0 ? yield* given : urls).map((url) => url.replace(/\/+$/, ""))
  let answered = false
  for (const url of all) {
    const found = yield* ask(
      { method: "POST", url: `${url}/refunds/${encodeURIComponent(id)}/settle`, body: { because } },
      RefundRoutes.Settled
    ).pipe(
      Effect.asSome,
      Effect.catchIf(hasNoDesk, (error) =>
        Effect.sync(() => {
          answered = answered || error._tag === "Unexpected"
          return Option.none()
        }))
    )
    if (Option.isSome(found)) {
      return yield* Console.log(`Refund ${id} of order ${found.value.orderId} is settled.`)
    }
  }
  return yield* answered ? new UnknownRefund({ id }) : new NobodyThere({ urls: all })
}, Effect.provide(NodeHttpClient.layer))

const refund = Args.text({ name: "refund" }).pipe(Args.withDescription("The refund's id, as the order shows it."))
const because = Options.text("because").pipe(Options.withDescription("How it was paid back; kept with the refund."))

const settleOne = Command.make(
  "settle",
  { urls, refund, because },
  ({ because, refund, urls }) =>
    Effect.catchTag(settle(urls, refund, because), "Unexpected", (error) => Effect.fail(inWords(refund)(error)))
).pipe(
  Command.withDescription(
    "Enters that a refund which failed at the bank was paid back by another way. Twice is harmless."
  )
)

/** `quartet refunds settle …` */
export const command = Command.make("refunds").pipe(
  Command.withDescription("Refunds that the provider does not make."),
  Command.withSubcommands([settleOne])
)
