import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Option, Redacted, Schedule, Schema } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { basename, join } from "node:path"
import { EmbeddedPostgresFailed } from "./EmbeddedPostgresFailed.ts"
import { beginningOf, isAlive } from "./ProcessTable.ts"
import type { SystemUser } from "./SystemUser.ts"
import { canRead, forData } from "./SystemUser.ts"

/** What the embedded PostgreSQL keeps on disk. */
export interface DataFolder {
  /** Holds everything below; owned by `user`. */
  readonly folder: string
  readonly data: string
  readonly log: string
  readonly passwordFile: string
  readonly password: Redacted.Redacted<string>
  readonly user: SystemUser
}

/** Makes the folder below `home`, or finds it, and takes it for this process until the scope closes. */
export const open = Effect.fn("DataFolder.open")(function*(home: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(home))) {
    yield* fs.makeDirectory(home, { recursive: true })
    // Whatever the umask says, PostgreSQL's own user must get through; what is secret has its own mode.
    yield* fs.chmod(home, 0o755)
  }
  const user = yield* forData(join(home, "postgres"))
  const folder = yield* reachableFolder(home, user)
  yield* claim(folder)
  const passwordFile = join(folder, "password")
  return {
    folder,
    data: join(folder, "data"),
    log: join(folder, "postgres.log"),
    passwordFile,
    password: yield* secretIn(passwordFile, user),
    user
  } satisfies DataFolder
})

/** PostgreSQL's user cannot enter a checkout below root's own home: then the data lives elsewhere, behind a link. */
const reachableFolder = Effect.fn("DataFolder.reachableFolder")(function*(home: string, user: SystemUser) {
  const fs = yield* FileSystem.FileSystem
  const folder = join(home, "postgres")
  if (!(yield* fs.exists(folder))) {
    if (yield* canRead(user, home)) {
      yield* fs.makeDirectory(folder, { mode: 0o700 })
    } else {
      const digest = createHash("sha256").update(home).digest("hex").slice(0, 16)
      const elsewhere = join("/var/lib/quartet", `${basename(home)}-${digest}`)
      yield* fs.makeDirectory(elsewhere, { recursive: true })
      // A link may be left from data that was deleted since.
      yield* fs.remove(folder, { force: true })
      yield* fs.symlink(elsewhere, folder)
      yield* Effect.logWarning(`PostgreSQL's user cannot enter ${home}; its data is kept in ${elsewhere}.`)
    }
  }
  const real = yield* fs.realPath(folder)
  yield* own(real, user)
  yield* fs.chmod(real, 0o700).pipe(
    Effect.mapError(() => new EmbeddedPostgresFailed({ folder, detail: "it belongs to another user of this machine." }))
  )
  return real
})

const own = (path: string, user: SystemUser) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => Option.match(user, { onNone: () => Effect.void, onSome: ({ gid, uid }) => fs.chown(path, uid, gid) })
  )

const secretIn = Effect.fn("DataFolder.secretIn")(function*(file: string, user: SystemUser) {
  const fs = yield* FileSystem.FileSystem
  const kept = yield* fs.readFileString(file).pipe(Effect.orElseSucceed(() => ""))
  if (kept.trim() !== "") return Redacted.make(kept.trim())
  const made = randomBytes(24).toString("base64url")
  yield* fs.writeFileString(file, made, { mode: 0o600 })
  yield* own(file, user)
  return Redacted.make(made)
})

const Claim = Schema.parseJson(Schema.Struct({ pid: Schema.Int, began: Schema.String }))

/** One process per folder. The claim of a process that was killed is recognised and taken over. */
const claim = Effect.fn("DataFolder.claim")(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = join(folder, "claim")
  const holder = yield* holderOf(file)
  if (Option.isSome(holder)) {
    yield* Effect.logWarning(`Process ${holder.value} is using ${folder}; waiting up to 5 seconds for it to end.`)
    yield* Effect.retry(free(folder, file), whileEnding)
  }
  yield* fs.remove(file, { force: true })
  const mine = yield* Schema.encode(Claim)({ pid: process.pid, began: yield* beginningOf(process.pid) })
  yield* Effect.acquireRelease(
    fs.writeFileString(file, mine, { flag: "wx", mode: 0o600 }),
    () => Effect.ignore(fs.remove(file, { force: true }))
  ).pipe(
    Effect.catchTag("SystemError", (error) => Effect.fail(error.reason === "AlreadyExists" ? taken(folder) : error))
  )
})

/** A killed process takes a moment to give up its memory, files and ports; one that runs on is not waited for longer. */
const whileEnding = Schedule.spaced("50 millis").pipe(Schedule.upTo("5 seconds"))

const free = (folder: string, file: string) =>
  Effect.flatMap(
    holderOf(file),
    Option.match({ onNone: () => Effect.void, onSome: (pid) => Effect.fail(taken(folder, pid)) })
  )

/** The process of the claim, while it lives. Another process may have its id by now, but not its beginning. */
const holderOf = Effect.fn("DataFolder.holderOf")(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const kept = yield* fs.readFileString(file).pipe(Effect.flatMap(Schema.decode(Claim)), Effect.option)
  if (Option.isNone(kept)) return Option.none()
  const { began, pid } = kept.value
  if (!(yield* isAlive(pid))) return Option.none()
  const beginning = yield* beginningOf(pid)
  return beginning === "" || beginning === began ? Option.some(pid) : Option.none()
})

const taken = (folder: string, pid?: number) =>
  new EmbeddedPostgresFailed({
    folder,
    detail: `${pid === undefined ? "another process" : `process ${pid}`} is using it. ` +
      "Stop that process first, or choose another folder by QUARTET_HOME."
  })
