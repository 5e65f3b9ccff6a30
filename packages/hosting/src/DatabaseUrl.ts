import { parseUrl } from "@quartet/messaging/Setting"
import { ConfigError, Either, Option, Redacted } from "effect"

/** A PostgreSQL connection URL; it may carry a password, so it is redacted wherever it goes. */
export type DatabaseUrl = Redacted.Redacted<string>

export const expected = "Expected a URL like postgres://user:password@host:5432/database"

/** The URL, if PostgreSQL can be entered by it: every escape in it must be complete. */
export const read = (text: string): Option.Option<URL> => parseUrl(text, ["postgres", "postgresql"])

/** Reads a URL without ever repeating it in the error: it may hold a password (H173). */
export const parse = (url: DatabaseUrl, setting: string): Either.Either<URL, ConfigError.ConfigError> =>
  Either.fromOption(read(Redacted.value(url)), () => ConfigError.InvalidData([setting], expected))

/** The password in the URL, if it carries one. */
export const passwordOf = (url: URL): Option.Option<Redacted.Redacted<string>> =>
  Option.some(url.password === "" ? url.searchParams.get("password") ?? "" : decodeURIComponent(url.password)).pipe(
    Option.filter((password) => password !== ""),
    Option.map(Redacted.make)
  )

/** The same server and database, entered as somebody else. */
export const withCredentials = (url: URL, user: string, password: Redacted.Redacted<string>): DatabaseUrl => {
  const changed = new URL(url)
  changed.searchParams.delete("user")
  changed.searchParams.delete("password")
  // A URL without a host (a Unix socket) cannot hold credentials before the `@`.
  if (changed.hostname === "") {
    changed.searchParams.set("user", user)
    changed.searchParams.set("password", Redacted.value(password))
  } else {
    changed.username = encodeURIComponent(user)
    changed.password = encodeURIComponent(Redacted.value(password))
  }
  return Redacted.make(changed.toString())
}

/** The same server, another database. */
export const withDatabase = (url: URL, database: string): DatabaseUrl => {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(database)}`
  return Redacted.make(changed.toString())
}
