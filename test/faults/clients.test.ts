import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { run } from "../support/Command.ts"
import * as Quartet from "../support/Quartet.ts"

/** Another address than usual; every port of a quartet in a test is another than usual anyhow. */
const HOST = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1"

layer(Quartet.layer({ HOST }), { excludeTestServices: true, timeout: 150_000 })(
  "commands with nothing but the settings of the server",
  (it) => {
    it.effect.each([
      { args: ["parked", "list"], says: /^Nothing is parked\.$/m },
      { args: ["parked", "replay", "--all"], says: /^Nothing is parked\.$/m },
      { args: ["say-again", "--last", "1h"], says: /messages are said again/ },
      { args: ["rebuild"], says: /^Orders in the lists again: \d+\.$/m },
      { args: ["reconcile", "--settle", "100ms", "--dry-run"], says: /./ },
      { args: ["seed", "--wait", "20s"], says: new RegExp(`^The shop at http://${HOST}:\\d+ has its goods\\.$`, "m") },
      { args: ["verify", "--wait", "20s"], says: /^✔ G1 /m },
      { args: ["demo"], says: new RegExp(`A tour of the quartet at http://${HOST}:`) }
    ])("reach it: $args, which listens where no default says", ({ args, says }) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* run(...args)
        assert.strictEqual(code, 0, stdout + stderr)
        assert.match(stdout, says)
        assert.strictEqual(stderr, "")
      }), 60_000)
  }
)
