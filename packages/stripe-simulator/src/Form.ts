/**
 * The parameters of a request, as `application/x-www-form-urlencoded` with brackets: `metadata[order]=7`, `expand[0]=latest_charge`.
 * Names keep their brackets, because that is also how Stripe names a parameter in an error.
 */
export interface Form {
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
}

/** Brackets may arrive raw or percent-encoded; `+` and `%XX` are decoded; an empty text is an empty form. */
export const parse = (text: string): Form => ({ fields: [...new URLSearchParams(text)] })

/** The value of one parameter; of a repeated one, the last. */
export const get = (form: Form, name: string): string | undefined =>
  form.fields.findLast(([field]) => field === name)?.[1]

/** The values of `name[]` or `name[0]`, `name[1]`, … in the order sent. */
export const list = (form: Form, name: string): ReadonlyArray<string> => children(form, name).map(([, value]) => value)

/** The pairs of `name[key]`, in the order sent. */
export const pairs = (form: Form, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(children(form, name))

export const has = (form: Form, name: string): boolean => form.fields.some(([field]) => topOf(field) === name)

/**
 * The first name that `accepted` does not list. `metadata[*]` accepts every child of `metadata`, and `metadata` itself, which is how
 * an empty one is sent.
 */
export const firstUnknown = (form: Form, accepted: ReadonlySet<string>): string | undefined =>
  form.fields.find(([name]) => !accepted.has(name) && !(isChild(name) && accepted.has(`${topOf(name)}[*]`)))?.[0]

/** The same for two forms exactly when they carry the same parameters, in whatever order. */
export const canonical = (form: Form): string =>
  form.fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).toSorted().join("&")

const children = (form: Form, name: string): ReadonlyArray<readonly [key: string, value: string]> =>
  form.fields.flatMap(([field, value]) =>
    field.startsWith(`${name}[`) && field.endsWith("]") ? [[field.slice(name.length + 1, -1), value]] : []
  )

const topOf = (name: string): string => name.split("[", 1).join("")

const isChild = (name: string): boolean => /^[^[\]]+(\[[^[\]]*\])?$/.test(name)
