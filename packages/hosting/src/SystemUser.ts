import * as FileSystem from "@effect/platform/FileSystem"
import { Array, Effect, Option } from "effect"
import { dirname, resolve } from "node:path"

/** The operating system's user that PostgreSQL runs as; absent means the user that runs this process. */
export type SystemUser = Option.Option<{ readonly uid: number; readonly gid: number }>

/**
 * PostgreSQL refuses to run as root. Root hands it to whoever owns the data already, else to `postgres`, else to
 * `nobody`; anybody else runs it as himself.
 */
export const forData = Effect.fn("SystemUser.forData")(function*(dataFolder: string) {
  if (process.getuid?.() !== 0) return Option.none()
  const fs = yield* FileSystem.FileSystem
  const owner = yield* fs.stat(dataFolder).pipe(
    Effect.map(({ gid, uid }) => Option.all({ uid, gid }).pipe(Option.filter(({ uid }) => uid !== 0))),
    Effect.orElseSucceed(() => Option.none())
  )
  if (Option.isSome(owner)) return owner
  const known = yield* fs.readFileString("/etc/passwd").pipe(Effect.orElseSucceed(() => ""))
  const find = (name: string) =>
    Array.findFirst(known.split("\n").map((line) => line.split(":")), ([user]) => user === name).pipe(
      Option.map(([, , uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }))
    )
  const nobody = { uid: 65534, gid: 65534 }
  return Option.some(find("postgres").pipe(Option.orElse(() => find("nobody")), Option.getOrElse(() => nobody)))
})

const read = 0o4
const enter = 0o1

/** Whether the user may enter every folder on the way and read what is at its end. Access lists are not considered. */
export const canRead = Effect.fn("SystemUser.canRead")(function*(user: SystemUser, path: string) {
  if (Option.isNone(user)) return true
  const fs = yield* FileSystem.FileSystem
  const allows = (wanted: number) => (info: FileSystem.File.Info): boolean => {
    const bits = Option.contains(info.uid, user.value.uid)
      ? info.mode >> 6
      : Option.contains(info.gid, user.value.gid)
      ? info.mode >> 3
      : info.mode
    return (bits & wanted) === wanted
  }
  const entered = yield* Effect.forEach(ancestorsOf(path), (folder) => Effect.map(fs.stat(folder), allows(enter)))
  const last = yield* fs.stat(path)
  return entered.every(Boolean) && allows(last.type === "Directory" ? read | enter : read)(last)
})

const ancestorsOf = (path: string): ReadonlyArray<string> =>
  Array.unfold(resolve(path), (current) => {
    const parent = dirname(current)
    return parent === current ? Option.none() : Option.some([parent, parent])
  })
