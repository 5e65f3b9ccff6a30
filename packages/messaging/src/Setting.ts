import { Config, ConfigError, Duration, Either, Option } from "effect"

/** What a process reads from its environment while it starts: a name, a rule in words, and how its text is read. */
type Parse<A> = (text: string) => Option.Option<A>

/** They would break a line of a log, a header or a path apart. */
const hasControlCharacters = (text: string): boolean => /\p{Cc}/u.test(text)

/**
 * Every setting is read by this. An empty or blank text counts as absent. A text that the parser refuses fails with the
 * name and the rule, and never with the text, which may be a secret (H173).
 */
export const make = <A>(name: string, rule: string, parse: Parse<A>): Config.Config<A> =>
  Config.primitive<A>(rule, (text) =>
    text.trim() === ""
      ? Either.left(ConfigError.MissingData([], rule))
      : Either.fromOption(parse(text.trim()), () => ConfigError.InvalidData([], rule))).pipe(
      // A rule is part of the primitive, so that its breach is reported with the name.
      Config.nested(name)
    )

/** One line of text, 1000 characters at most, of which `isGood` takes more or less. */
export const text = (
  name: string,
  rule = "Expected one line of at most 1000 characters",
  isGood: (text: string) => boolean = () => true
): Config.Config<string> =>
  make(
    name,
    rule,
    Option.liftPredicate((text: string) => text.length <= 1000 && !hasControlCharacters(text) && isGood(text))
  )

/** A whole number in decimal digits between two others, both included. */
export const whole = (
  name: string,
  { from, to }: { readonly from: number; readonly to: number },
  rule = `Expected a whole number from ${from} to ${to}`
): Config.Config<number> =>
  make(
    name,
    rule,
    (text) =>
      Option.liftPredicate(Number(text), (number) => /^-?\d{1,15}$/.test(text) && number >= from && number <= to)
  )

/** `true` or `false`, or another usual word for one of them. */
export const flag = (name: string): Config.Config<boolean> =>
  make(name, "Expected true or false", (text) => Option.fromNullable(flags.get(text.toLowerCase())))

const flags = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false]
])

/** One of a few words. */
export const oneOf = <const Word extends string>(
  name: string,
  words: ReadonlyArray<Word>
): Config.Config<Word> =>
  make(
    name,
    `Expected ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    (text) => Option.fromNullable(words.find((word) => word === text))
  )

/** The bounds of a length of time; `described` names the longest in words, with an example. */
export interface DurationRange {
  /** 1 millisecond when absent. */
  readonly shortest?: Duration.DurationInput
  readonly longest: Duration.DurationInput
  readonly described: string
}

/** A length of time with its unit. */
export const duration = (
  name: string,
  { described, longest, shortest = "1 millis" }: DurationRange
): Config.Config<Duration.Duration> => {
  const minimum = Duration.decode(shortest)
  const least = Duration.toMillis(minimum) === 1 ? "1 millisecond" : `${Duration.toMillis(minimum)} milliseconds`
  return make(
    name,
    `Expected a time of ${least} to ${described}`,
    (text) =>
      Option.filter(Duration.decodeUnknown(text), Duration.between({ minimum, maximum: Duration.decode(longest) }))
  )
}

/** A URL of one of the schemes, with a host, and with no part that cannot be decoded. */
export const url = (name: string, rule: string, schemes: ReadonlyArray<string>): Config.Config<URL> =>
  make(name, rule, (text) => Option.filter(parseUrl(text, schemes), ({ hostname }) => hostname !== ""))

/** The URL, if it has one of the schemes and every escape in it is complete. */
export const parseUrl = (text: string, schemes: ReadonlyArray<string>): Option.Option<URL> => {
  if (hasControlCharacters(text) || /\s/.test(text)) return Option.none()
  return Option.liftThrowable(() => new URL(text))().pipe(
    Option.filter((url) => schemes.includes(url.protocol.slice(0, -1)) && isDecodable(url))
  )
}

const isDecodable = ({ password, pathname, username }: URL): boolean =>
  Option.isSome(Option.liftThrowable(() => [username, password, pathname].map(decodeURIComponent))())
