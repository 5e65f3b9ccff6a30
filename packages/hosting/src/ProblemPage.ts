import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { edgeProblems } from "@quartet/contracts/EdgeProblems"
import type { ProblemText } from "@quartet/contracts/Problem"
import { typeOf } from "@quartet/contracts/Problem"
import { Effect } from "effect"
import { Refused } from "./Problem.ts"

/** What somebody reads who met a problem of this name. */
export interface ProblemPage extends ProblemText {
  readonly name: string
}

/** The pages of what the edge itself refuses. */
export const edgePages: ReadonlyArray<ProblemPage> = Object.entries(edgeProblems).map(
  ([name, { advice, means }]) => ({ name, means, advice })
)

/** The page as the service serves it, and as it stands in `docs/problems.md`. */
export const markdown = ({ advice, means, name }: ProblemPage): string =>
  `## ${name}\n\n\`${typeOf(name)}\`\n\n${means}\n\n**What to do:** ${advice}\n`

const unknown = new Refused({
  name: "not-found",
  detail: "No problem has this name."
})

/** Answers `GET /problems/{name}`, which a problem document's `help` points to. Anybody may read it. */
export const serve = (pages: ReadonlyArray<ProblemPage>) => {
  const all = new Map([...edgePages, ...pages].map((page) => [page.name, markdown(page)]))
  return Effect.gen(function*() {
    const { name = "" } = yield* HttpRouter.params
    const text = all.get(name)
    if (text === undefined) return yield* unknown
    return HttpServerResponse.text(text, {
      contentType: "text/markdown; charset=utf-8",
      headers: { "cache-control": "public, max-age=3600" }
    })
  })
}

/** Where these pages are. */
export const path = "/problems/:name"
