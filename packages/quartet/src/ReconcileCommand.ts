import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Launch from "@quartet/hosting/Launch"
import { Console, DateTime, Duration, Effect, Option, Schema } from "effect"
import { urls } from "./ParkedCommand.ts"
import type { Wish } from "./Reconcile.ts"
import { reconcile } from "./Reconcile.ts"
import { isLeft, jsonOf, textOf } from "./reconcile/Telling.ts"
import * as Wait from "./Wait.ts"

/** Something is left that only a person can put right, or not everything was seen; each was told. */
export class LeftToAPerson extends Schema.TaggedError<LeftToAPerson>()("LeftToAPerson", {
  left: Schema.Int
}) {
  override get message() {
    if (this.left === 0) return "Not everything could be compared."
    return `${this.left} ${this.left === 1 ? "mismatch needs" : "mismatches need"} a person.`
  }
}

/** Tells what was found; fails when something is left to a person. */
const once = Effect.fn("Reconcile.once")(function*(wish: Wish, json: boolean) {
  const report = yield* reconcile(wish)
  yield* Console.log(json ? jsonOf(report) : textOf(report))
  const left = report.told.filter(isLeft).length
  if (left > 0 || report.unread.length > 0) return yield* new LeftToAPerson({ left })
})

/** Tells of each time at which something was found, or which failed, and goes on. */
const again = (wish: Wish, json: boolean, every: Duration.Duration) =>
  reconcile(wish).pipe(
    Effect.flatMap((report) =>
      report.told.length === 0 && report.unread.length === 0
        ? Effect.void
        : Effect.zipRight(stamp(json), Console.log(json ? jsonOf(report) : textOf(report)))
    ),
    Effect.catchAll((error) => Console.error(Launch.sentenceOf(error))),
    Effect.zipRight(Effect.sleep(every)),
    Effect.forever
  )

/** In JSON each line stands for itself. */
const stamp = (json: boolean) =>
  json ? Effect.void : Effect.flatMap(DateTime.now, (now) => Console.log(DateTime.formatIso(now)))

const duration = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.filterMap(Wait.parse, `--${name} wants a duration, such as 5s or 10m.`),
    Options.withDescription(description)
  )

const options = {
  urls,
  dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Only tells what it would do.")),
  json: Options.boolean("json").pipe(Options.withDescription("One object in JSON, for other programs.")),
  last: duration("last", "How far back the provider's books are read, such as 72h; as the payment service is set.")
    .pipe(
      Options.optional
    ),
  settle: duration("settle", "How long a difference must last to count, such as 5s.").pipe(
    Options.withDefault(Duration.seconds(5))
  ),
  wait: Wait.option("30 seconds"),
  giveBack: Options.text("give-back").pipe(
    Options.withDescription("A charge, such as pi_3abc, that belongs to nothing here and goes back; may be repeated."),
    Options.repeated
  ),
  every: duration("every", "Does so again and again, with this pause, such as 10m.").pipe(Options.optional)
}

/** `quartet reconcile` */
export const command = Command.make(
  "reconcile",
  options,
  ({ every, json, ...wish }) =>
    Option.match(every, { onNone: () => once(wish, json), onSome: (pause) => again(wish, json, pause) })
).pipe(
  Command.withDescription(
    "Compares provider, payments, orders and stock; repairs what is safe and tells the rest. Twice is harmless."
  )
)
