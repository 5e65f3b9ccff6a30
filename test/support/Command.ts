import { Effect } from "effect"
import * as Process from "./Process.ts"
import { Quartet } from "./Quartet.ts"

/** Runs a command against the quartet that lives in the home, with nothing but the home's settings. */
export const run = Effect.fn("Command.run")(function*(...args: ReadonlyArray<string>) {
  const { home } = yield* Quartet
  const command = yield* Process.quartet(args, home.settings)
  const { code } = yield* Effect.timeout(command.ended, "40 seconds")
  return { code, stdout: command.stdout(), stderr: command.stderr() }
}, Effect.scoped)

/** Where operators reach that quartet. */
export const opsUrl = Effect.map(Quartet, ({ home }) => `http://127.0.0.1:${home.ports.ops}`)
