import type * as HttpRouter from "@effect/platform/HttpRouter"
import { Array, Chunk } from "effect"

/** Which methods each path of a router answers. */
export interface RouteTable {
  readonly routes: ReadonlyArray<{
    readonly method: string
    readonly path: string
    readonly segments: ReadonlyArray<string>
  }>
}

export const make = (router: HttpRouter.HttpRouter<unknown, unknown>): RouteTable => ({
  routes: Chunk.toReadonlyArray(router.routes).map(({ method, path }) => ({ method, path, segments: path.split("/") }))
})

/** The methods that the path answers; none when the path is unknown. */
export const allowed = ({ routes }: RouteTable, path: string): ReadonlyArray<string> => {
  const given = path.split("/")
  const methods = routes.filter(({ segments }) => matches(segments, given)).map(({ method }) => method)
  return Array.dedupe(methods.includes("GET") ? [...methods, "HEAD"] : methods)
}

/** The pattern behind a path, which is safe to log and to count by: it holds nothing that the caller wrote. */
export const patternOf = ({ routes }: RouteTable, path: string): string => {
  const given = path.split("/")
  return routes.find(({ segments }) => matches(segments, given))?.path ?? "unknown"
}

const matches = (wanted: ReadonlyArray<string>, given: ReadonlyArray<string>): boolean =>
  wanted.length === given.length &&
  wanted.every((segment, at) => segment.startsWith(":") ? given[at] !== "" : segment === given[at])
