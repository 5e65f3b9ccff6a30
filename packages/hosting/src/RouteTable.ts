import type * as HttpRouter from "@effect/platform/HttpRouter"
import { Array, Chunk, Option } from "effect"

/** Which methods each path of a router answers. */
export interface RouteTable {
  readonly routes: ReadonlyArray<{ readonly method: string; readonly path: string }>
}

export const make = (router: HttpRouter.HttpRouter<unknown, unknown>): RouteTable => ({
  routes: Chunk.toReadonlyArray(router.routes).map(({ method, path }) => ({ method, path }))
})

/** The methods that the path answers; none when the path is unknown. */
export const allowed = ({ routes }: RouteTable, path: string): ReadonlyArray<string> => {
  const methods = routes.filter((route) => matches(route.path, path)).map(({ method }) => method)
  return Array.dedupe(methods.includes("GET") ? [...methods, "HEAD"] : methods)
}

/** The pattern behind a path, which is safe to log and to count by: it holds nothing that the caller wrote. */
export const patternOf = ({ routes }: RouteTable, path: string): string =>
  Array.findFirst(routes, (route) => matches(route.path, path)).pipe(
    Option.match({ onNone: () => "unknown", onSome: (route) => route.path })
  )

const matches = (pattern: string, path: string): boolean => {
  const wanted = pattern.split("/")
  const given = path.split("/")
  return wanted.length === given.length &&
    wanted.every((segment, at) => segment.startsWith(":") ? given[at] !== "" : segment === given[at])
}
