import { Data, Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdir, readdir, symlink } from "node:fs/promises"
import { join } from "node:path"

/** `previous.json` names a commit that this release does not follow. */
export class NoAncestor extends Data.TaggedError("NoAncestor")<{ readonly named: string }> {
  override get message() {
    return `test/upgrade/previous.json names ${this.named}, which is no ancestor of HEAD: name the commit of the release ` +
      "before, in full."
  }
}

/** A program ended with another code than 0. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly command: string
  readonly detail: string
}> {
  override get message() {
    return `${this.command} failed: ${this.detail}`
  }
}

/** The release before can be built from here, or why it cannot. */
export type Found = { readonly _tag: "Here" } | { readonly _tag: "Absent"; readonly why: string }

/** Runs a program in a folder and returns what it printed. */
export const execute = (folder: string, program: string, ...args: ReadonlyArray<string>) =>
  Effect.async<string, CommandFailed>((resume) => {
    execFile(program, [...args], { cwd: folder, maxBuffer: 1024 * 1024 * 64 }, (error, stdout, stderr) => {
      const command = [program, ...args].join(" ")
      resume(
        error === null
          ? Effect.succeed(stdout.trim())
          : Effect.fail(new CommandFailed({ command, detail: stderr.trim() || error.message }))
      )
    })
  })

const absent = (why: string): Found => ({ _tag: "Absent", why })

/** Whether the history of this working tree reaches back to the commit. */
export const find = Effect.fn("ReleaseBefore.find")(function*(root: string, commit: string) {
  const git = (...args: ReadonlyArray<string>) => execute(root, "git", ...args)
  const shallow = yield* Effect.option(git("rev-parse", "--is-shallow-repository"))
  if (shallow._tag === "None") return absent("There is no git history here.")
  const isAncestor = yield* Effect.isSuccess(git("merge-base", "--is-ancestor", commit, "HEAD"))
  if (isAncestor) return { _tag: "Here" } satisfies Found
  if (shallow.value === "true") return absent(`This clone is shallow and does not reach back to ${commit}.`)
  return yield* new NoAncestor({ named: commit })
})

/** Where the workspaces lie, and under which names they are imported. */
const workspaces = new Set(["@quartet", "quartet", ".bin"])

/**
 * The workspaces are those of the release before. Libraries are those that are installed here: to install its own lock takes
 * longer than the test, and what the releases have to agree on is in the workspaces.
 */
const linkLibraries = async (root: string, folder: string) => {
  const [from, to] = [join(root, "node_modules"), join(folder, "node_modules")]
  await mkdir(join(to, "@quartet"), { recursive: true })
  for (const name of await readdir(from)) {
    if (!workspaces.has(name)) await symlink(join(from, name), join(to, name))
  }
  await symlink(join(folder, "packages", "quartet"), join(to, "quartet"))
  for (const parent of ["packages", "services"]) {
    for (const name of await readdir(join(folder, parent))) {
      if (name !== "quartet") await symlink(join(folder, parent, name), join(to, "@quartet", name))
    }
  }
}

/** Builds the commit's command line in an empty folder and returns its path. */
export const build = Effect.fn("ReleaseBefore.build")(function*(root: string, commit: string, folder: string) {
  const archive = join(folder, "release.tar")
  const paths = ["package.json", "package-lock.json", "tsconfig.base.json", "packages", "services"]
  yield* execute(root, "git", "archive", "--output", archive, commit, ...paths)
  yield* execute(folder, "tar", "-xf", archive)
  yield* Effect.promise(() => linkLibraries(root, folder))
  const bin = join(folder, "packages", "quartet", "bin")
  yield* execute(folder, process.execPath, join(bin, "build.js"))
  return join(bin, "quartet.js")
})
