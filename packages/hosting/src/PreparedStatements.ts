import { createHash } from "node:crypto"
import type { PoolClient } from "pg"

/** How many statements one connection keeps prepared; texts beyond it are sent as they are. */
const capacity = 200

/**
 * Makes a connection prepare what it is asked with parameters: the server then parses and plans each text once instead of
 * every time, which is most of what a short statement costs. Our texts are constant, whatever the size of a batch, so
 * there are few of them. `@effect/sql-pg` itself sends every statement unnamed.
 */
export const prepareStatements = (client: PoolClient): void => {
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= capacity) return known
    const name = createHash("sha1").update(text).digest("hex")
    names.set(text, name)
    return name
  }
  const query = client.query
  const named = (args: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
    const [text, values, ...others] = args
    if (typeof text !== "string" || !Array.isArray(values) || values.length === 0) return args
    return [{ name: nameOf(text), text, values }, ...others]
  }
  Object.defineProperty(client, "query", {
    configurable: true,
    value: (...args: ReadonlyArray<unknown>): unknown => Reflect.apply(query, client, named(args))
  })
}
