import { Duration, Option } from "effect"

/** The longest that an answer is held back. */
export const longestWait = Duration.seconds(30)

// One preference: a name, perhaps a value, perhaps parameters, up to the next comma.
const preference =
  /([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s",;]*))?(?:\s*;(?:[^",]|"(?:[^"\\]|\\.)*")*)?\s*(?:,|$)/g

/**
 * How long the caller would like to wait for a better answer, capped; of two wishes the first counts, and one that is
 * not whole seconds is as if it were not there.
 * Source: RFC 7240, §2 (a malformed preference is ignored) and §4.3 (`wait`).
 */
export const wait = (prefer: string | undefined): Option.Option<Duration.Duration> => {
  const first = [...(prefer ?? "").matchAll(preference)].find(([, name]) => name?.toLowerCase() === "wait")
  const seconds = first?.[2]?.replaceAll("\"", "")
  return Option.liftPredicate(seconds ?? "", (text) => /^\d+$/.test(text)).pipe(
    Option.map((text) => Duration.min(Duration.seconds(Number(text)), longestWait))
  )
}

/** What the caller is told of the wait that was granted. */
export const applied = (granted: Option.Option<Duration.Duration>): Readonly<Record<string, string>> =>
  Option.match(granted, {
    onNone: () => ({}),
    onSome: (wait) => ({ "preference-applied": `wait=${Duration.toSeconds(wait)}` })
  })
