import * as Settings from "@quartet/hosting/Settings"
import * as Worker from "@quartet/messaging/Worker"
import { Duration, Effect, Layer, Option } from "effect"
import { addressOf, Ports } from "./Ports.ts"
import { reconcile } from "./Reconcile.ts"
import { isLeft, textOf } from "./reconcile/Telling.ts"
import * as Token from "./Token.ts"

/** How often everything in one process is reconciled; `never` leaves it to `quartet reconcile`. */
export const period = Settings.period("RECONCILE_EVERY", "10 minutes")

/** In production an operator's token has to be given; elsewhere one is made. */
const mayAsk = Effect.gen(function*() {
  const given = yield* Token.given
  return Option.isSome(given) || !(yield* Settings.isProduction)
})

const settle = Duration.seconds(5)

const turn = (url: string, every: Duration.Duration) =>
  Effect.gen(function*() {
    const report = yield* reconcile({
      urls: [url],
      last: Option.none(),
      dryRun: false,
      settle: Duration.min(settle, every),
      wait: Duration.seconds(30),
      giveBack: []
    })
    if (report.told.length === 0 && report.unread.length === 0) return
    const tell = report.told.some(isLeft) ? Effect.logError : Effect.logWarning
    yield* tell(textOf(report))
  })

/** What `quartet reconcile --every` does, for a quartet in one process. */
export const layer = Layer.scopedDiscard(Effect.gen(function*() {
  const every = yield* period
  if (Option.isNone(every) || !(yield* mayAsk)) return
  const { ops } = yield* Ports
  const work = turn((yield* addressOf)(ops), every.value)
  yield* Worker.forever("Reconciling", Effect.zipRight(Effect.sleep(every.value), work))
}))
