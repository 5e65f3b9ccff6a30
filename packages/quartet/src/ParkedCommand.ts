import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import { Effect, Option } from "effect"
import * as Parked from "./Parked.ts"
import * as Wait from "./Wait.ts"

/** Where to ask. */
export const urls = Options.text("url").pipe(
  Options.withDescription(
    "Where operators reach a process, its OPS_PORT; may be repeated. OPS_URL, or this machine's."
  ),
  Options.repeated
)
const service = Options.text("service").pipe(
  Options.withDescription("Only what this service parked."),
  Options.optional
)
const address = Args.text({ name: "id" }).pipe(
  Args.withSchema(Parked.Address),
  Args.withDescription("As list shows it, such as order/12.")
)

const list = Command.make("list", { urls, service }, Parked.list).pipe(
  Command.withDescription("What waits for a person, with its age and why.")
)

const show = Command.make("show", { urls, address }, ({ address, urls }) => Parked.show({ urls }, address)).pipe(
  Command.withDescription("One message with its whole reason and its envelope.")
)

const all = Options.boolean("all").pipe(Options.withDescription("Everything that waits."))

const replay = Command.make(
  "replay",
  { urls, service, all, address: Args.optional(address) },
  (given) =>
    Effect.gen(function*() {
      if (given.all === Option.isSome(given.address)) {
        return yield* Effect.fail(ValidationError.invalidArgument(HelpDoc.p("Say either an id or --all.")))
      }
      return yield* Option.match(given.address, {
        onNone: () => Parked.replayAll(given),
        onSome: (address) => Parked.replay(given, address)
      })
    })
).pipe(Command.withDescription("Hands one message, or all, to its consumer again. Twice is harmless."))

const because = Options.text("because").pipe(Options.withDescription("Why; kept with the message."))

const discard = Command.make(
  "discard",
  { urls, address, because },
  ({ address, because, urls }) => Parked.discard({ urls }, address, because)
).pipe(Command.withDescription("Gives one message up for good."))

/** `quartet parked …` */
export const command = Command.make("parked").pipe(
  Command.withDescription("Messages that could not be handled and wait for a person."),
  Command.withSubcommands([list, show, replay, discard])
)

/** `quartet say-again --last 1h` */
export const sayAgain = Command.make(
  "say-again",
  { urls, service, last: Wait.last },
  ({ last, ...choice }) => Parked.sayAgain(choice, last)
).pipe(Command.withDescription("Says again what was said of late, after a broker lost messages. Twice is harmless."))
