import { Effect, Either, Schema, type Scope } from "effect"
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, renameSync, writeSync } from "node:fs"
import { join } from "node:path"

/**
 * An append-only file of one JSON text a line. A line is handed to the operating system before `append` returns, so it survives the
 * death of the process, though not of the machine.
 */
export interface Journal {
  /** Synchronous, so that nothing else can run between a decision and its line. */
  readonly append: (line: string) => Either.Either<void, JournalUnavailable>
}

/** The disk refused. Nothing of the line is kept. */
export class JournalUnavailable extends Schema.TaggedError<JournalUnavailable>()("JournalUnavailable", {
  cause: Schema.Defect
}) {}

/** The lines of an earlier run, oldest first. A last line without an end was being written when the process died and is left out. */
export const read = Effect.fn("Journal.read")((folder: string, each: (line: string) => void) =>
  Effect.try({
    try: () => {
      mkdirSync(folder, { recursive: true })
      const file = openSync(pathIn(folder), "a+")
      try {
        eachLine(file, each)
      } finally {
        closeSync(file)
      }
    },
    catch: (cause) => new JournalUnavailable({ cause })
  })
)

/**
 * Replaces the journal by these lines, in one step, and opens it for more. What was delivered or has expired is thereby forgotten, and
 * a torn last line cannot run into the next one.
 */
export const rewrite = Effect.fn("Journal.rewrite")(
  (folder: string, lines: Iterable<string>): Effect.Effect<Journal, JournalUnavailable, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          const file = openSync(`${pathIn(folder)}.next`, "w")
          for (const line of lines) {
            writeAll(file, `${line}\n`)
          }
          renameSync(`${pathIn(folder)}.next`, pathIn(folder))
          return file
        },
        catch: (cause) => new JournalUnavailable({ cause })
      }),
      (file) => Effect.sync(() => closeSync(file))
    ).pipe(Effect.map((file) => ({
      append: (line) =>
        Either.try({ try: () => appendWhole(file, line), catch: (cause) => new JournalUnavailable({ cause }) })
    })))
)

/** Keeps nothing. */
export const memory: Journal = { append: () => Either.void }

const pathIn = (folder: string): string => join(folder, "journal.jsonl")

/** A line that could not be written whole is taken back, so that the next one starts on a line of its own. */
const appendWhole = (file: number, line: string): void => {
  const { size } = fstatSync(file)
  try {
    writeAll(file, `${line}\n`)
  } catch (cause) {
    ftruncateSync(file, size)
    throw cause
  }
}

const writeAll = (file: number, text: string): void => {
  const bytes = Buffer.from(text, "utf8")
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written)
  }
}

const newline = 0x0a

const eachLine = (file: number, each: (line: string) => void): void => {
  const chunk = Buffer.alloc(1 << 20)
  let rest: Buffer = Buffer.alloc(0)
  for (let position = 0;;) {
    const size = readSync(file, chunk, 0, chunk.length, position)
    if (size === 0) {
      return
    }
    position += size
    rest = Buffer.concat([rest, chunk.subarray(0, size)])
    let start = 0
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline, start)) {
      each(rest.toString("utf8", start, end))
      start = end + 1
    }
    rest = rest.subarray(start)
  }
}
