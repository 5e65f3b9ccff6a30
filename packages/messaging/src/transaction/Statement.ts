/** What the driver sends as it is: a value that it would have to interpret is a compile error. */
export type Parameter = string | number | boolean | null

/** One SQL statement as a value. It does nothing by itself; a transaction or a connection sends it. */
export interface Statement {
  readonly text: string
  readonly values: ReadonlyArray<Parameter>
}

/** SQL that is part of a statement's text. It never holds what a caller wrote. */
export class Raw {
  constructor(readonly text: string) {}
}

export const raw = (text: string): Raw => new Raw(text)

type Part = Parameter | Raw | Statement

const isText = (part: Part): part is Raw | Statement => typeof part === "object" && part !== null

/** The text of each place in the code where a statement stands, so that it is put together once. */
const texts = new WeakMap<TemplateStringsArray, string>()

/**
 * A statement from a template. Values become parameters, so that one place in the code always has the same text, which a
 * connection parses and plans once; another statement or `raw` becomes part of the text.
 */
export const statement = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Statement => {
  if (parts.some(isText)) return composed(strings, parts)
  let text = texts.get(strings)
  if (text === undefined) {
    text = composed(strings, parts).text
    texts.set(strings, text)
  }
  return { text, values: parts.filter((part): part is Parameter => !isText(part)) }
}

const composed = (strings: TemplateStringsArray, parts: ReadonlyArray<Part>): Statement => {
  const values: Array<Parameter> = []
  let text = strings[0] ?? ""
  parts.forEach((part, index) => {
    text += rendered(part, values) + (strings[index + 1] ?? "")
  })
  return { text, values }
}

const rendered = (part: Part, values: Array<Parameter>): string => {
  if (part instanceof Raw) return part.text
  if (!isText(part)) return `$${values.push(part)}`
  // Its parameters are counted from where ours have come to.
  const offset = values.length
  values.push(...part.values)
  return part.text.replace(/\$(\d+)/g, (_, position: string) => `$${Number(position) + offset}`)
}
