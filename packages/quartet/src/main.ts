import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as Launch from "@quartet/hosting/Launch"
import * as SettingFiles from "@quartet/hosting/SettingFiles"
import { Console, Effect, MutableRef, Option, Redacted } from "effect"
import { setFlagsFromString } from "node:v8"
import { demo } from "./Demo.ts"
import * as Keys from "./Keys.ts"
import * as ParkedCommand from "./ParkedCommand.ts"
import * as Rebuild from "./Rebuild.ts"
import * as ReconcileCommand from "./ReconcileCommand.ts"
import * as RefundCommand from "./RefundCommand.ts"
import * as Seed from "./Seed.ts"
import * as Serve from "./Serve.ts"
import * as AllSettings from "./Settings.ts"
import * as Start from "./Start.ts"
import * as Token from "./Token.ts"
import * as Topology from "./Topology.ts"
import * as Verdict from "./Verdict.ts"
import * as Wait from "./Wait.ts"

/**
 * How V8 keeps the heap of a process that runs for long.
 *
 * `growth` is how much it may grow, in percent of what lives in it, before V8 looks for what is dead. Where a machine has
 * much memory its own answer is several hundred: for a process that does everything that is too much by a fifth, and for
 * one service that finds 100,000 messages 300 MiB instead of 230. Less than this costs pauses.
 *
 * Nothing is made old at its birth. V8 does so with what code makes whose earlier products lived long, as those of the start
 * do here. What such an object refers to is kept with it once it is dead, and three times as much waited for the next full
 * collection (decision 0018).
 */
const keepHeap = ({ growth }: { readonly growth: number }) => {
  setFlagsFromString(`--heap-growing-percent=${growth}`)
  setFlagsFromString("--no-allocation-site-pretenuring")
}

const start = Command.make("start", {}, () =>
  Effect.sync(() => {
    keepHeap({ growth: 200 })
    const quiet = MutableRef.make(true)
    Launch.run(Start.layer(quiet), { quiet, settings: AllSettings.ofAll })
  })).pipe(
    Command.withDescription(
      "Runs all four services in one process, on an embedded PostgreSQL and a simulated provider."
    )
  )

const part = Args.text({ name: "service" }).pipe(
  Args.withSchema(Serve.Name),
  Args.withDescription("order, payment, inventory, warehouse or simulator.")
)

const serve = Command.make(
  "serve",
  { part },
  ({ part }) =>
    Effect.sync(() => {
      keepHeap({ growth: 100 })
      Serve.run(part)
    })
).pipe(
  Command.withDescription(
    "Runs one service in a process of its own, on the database at DATABASE_URL and the broker at AMQP_URL."
  )
)

const fill = Command.make(
  "seed",
  { wait: Wait.option("2 minutes") },
  ({ wait }) => Effect.provide(Seed.whenReady(wait), NodeHttpClient.layer)
).pipe(
  Command.withDescription(
    "Fills an empty shop, once the services at ORDER_URL, PRICES_URL and INVENTORY_URL are there."
  )
)

const topology = Command.make("topology", { wait: Wait.option("2 minutes") }, ({ wait }) => Topology.make(wait)).pipe(
  Command.withDescription("Makes the exchanges and queues at AMQP_URL, for services with AMQP_DECLARE=false.")
)

const verify = Command.make("verify", { wait: Wait.option(0) }, ({ wait }) => Verdict.tell(wait)).pipe(
  Command.withDescription(
    "Holds the databases, the provider's ledger and the broker against every promise; fails when one is broken."
  )
)

const customer = Options.text("customer").pipe(
  Options.withDescription("The customer the token speaks for."),
  Options.optional
)
const operator = Options.boolean("operator").pipe(Options.withDescription("A token for operators."))

const token = Command.make("token", { customer, operator }, ({ customer, operator }) =>
  Effect.gen(function*() {
    if (operator === Option.isSome(customer)) {
      return yield* Effect.fail(
        ValidationError.invalidArgument(HelpDoc.p("Say either --customer NAME or --operator."))
      )
    }
    const made = yield* Option.match(customer, { onNone: () => Token.forOperator, onSome: Token.forCustomer })
    yield* Console.log(Redacted.value(made))
  }).pipe(Effect.provide(DevelopmentIssuer.layer))).pipe(
    Command.withDescription("Prints a bearer token for local use, and nothing else.")
  )

const tour = Command.make("demo", {}, () => demo).pipe(
  Command.withDescription("Plays a tour against a running system and prints each order's timeline.")
)

const quartet = Command.make("quartet").pipe(
  Command.withDescription("An order and payment system in four services."),
  Command.withSubcommands([
    start,
    serve,
    fill,
    Keys.command,
    token,
    tour,
    ParkedCommand.command,
    ParkedCommand.sayAgain,
    RefundCommand.command,
    Rebuild.command,
    ReconcileCommand.command,
    verify,
    topology
  ])
)

/** What went wrong is told in one sentence, on standard error. */
Command.run(quartet, { name: "Quartet", version: "0.1.0" })(process.argv).pipe(
  Effect.provide(SettingFiles.layer),
  Effect.tapError((error) =>
    ValidationError.isValidationError(error) ? Effect.void : Console.error(Launch.sentenceOf(error))
  ),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
