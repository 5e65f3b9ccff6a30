import { Either } from "effect"
import * as Account from "./Account.ts"
import type { Quirk } from "./Attempt.ts"
import { type Decided, type Decision, find, type Tables } from "./Decision.ts"
import * as Form from "./Form.ts"
import * as Listing from "./Listing.ts"
import * as Params from "./Params.ts"
import * as PaymentIntents from "./PaymentIntents.ts"
import * as PaymentMethods from "./PaymentMethods.ts"
import * as Refunds from "./Refunds.ts"
import type { Page, Shown, Unkept } from "./Reply.ts"
import * as Settlement from "./Settlement.ts"
import type { Stamp } from "./Stamp.ts"
import { expandable, type ObjectRecord } from "./StripeObject.ts"
import { invalid, missing, unrecognizedUrl, type WireError } from "./WireError.ts"

/** One call of the API, its form already decoded. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly form: Form.Form
  /** What a charge that this call makes turns into. */
  readonly quirk: Quirk | undefined
}

/** What a call does: the changes to keep, and what to answer. */
export interface Outcome extends Pick<Decision, "put" | "tell"> {
  readonly answer: Shown | Unkept | WireError
}

/** Every call that this provider knows; any other is Stripe's 404. Pure: time and ids come with the stamp. */
export const decide = (tables: Tables, call: Call, stamp: Stamp): Outcome =>
  Either.getOrElse(
    call.method === "GET" ? read(tables, call, stamp) : write(tables, call, stamp),
    (answer) => ({ put: [], tell: [], answer })
  )

type Result = Either.Either<Outcome, WireError>

const write = (tables: Tables, call: Call, stamp: Stamp): Result => {
  const [collection, id, action] = segmentsOf(call.path)
  const { form } = call
  switch (`${call.method} ${collection}${id === undefined ? "" : "/:id"}${action === undefined ? "" : `/${action}`}`) {
    case "POST payment_intents":
      return shown(tables, form, PaymentIntents.create(tables, form, stamp, call.quirk))
    case "POST payment_intents/:id/confirm":
      return shown(tables, form, PaymentIntents.confirm(tables, id ?? "", form, stamp, call.quirk))
    case "POST payment_intents/:id/cancel":
      return shown(tables, form, Settlement.cancel(tables, id ?? "", form, stamp))
    case "POST payment_intents/:id/capture":
      return shown(tables, form, Settlement.capture(tables, id ?? "", form))
    case "POST refunds":
      return shown(tables, form, Refunds.create(tables, form, stamp))
    default:
      return Either.left(unrecognizedUrl(call.method, call.path))
  }
}

const read = (tables: Tables, call: Call, stamp: Stamp): Result => {
  const [collection, id, action] = segmentsOf(call.path)
  const { form } = call
  if (action !== undefined) {
    return Either.left(unrecognizedUrl(call.method, call.path))
  }
  switch (`${collection}${id === undefined ? "" : "/:id"}`) {
    case "account":
      return Either.map(Params.accept(form, new Set()), () => ({ put: [], tell: [], answer: Account.account }))
    case "payment_intents":
      return page(tables, call, "list", Listing.intents(tables, form))
    case "payment_intents/:id":
      return id === "search"
        ? page(tables, call, "search_result", Listing.search(tables, form))
        : shown(tables, form, one(form, PaymentIntents.existing(tables, id ?? "")))
    case "refunds":
      return page(tables, call, "list", Listing.refunds(tables, form))
    case "refunds/:id":
      return shown(tables, form, one(form, Refunds.existing(tables, id ?? "")))
    case "charges/:id":
      return shown(
        tables,
        form,
        one(form, Either.fromNullable(tables.charges.get(id ?? ""), () => missing("charge", id ?? "", "id")))
      )
    case "disputes/:id":
      return shown(
        tables,
        form,
        one(form, Either.fromNullable(tables.disputes.get(id ?? ""), () => missing("dispute", id ?? "", "dispute")))
      )
    case "payment_methods/:id":
      return shown(tables, form, PaymentMethods.retrieve(tables, id ?? "", stamp))
    default:
      return Either.left(unrecognizedUrl(call.method, call.path))
  }
}

/** The parts of `/v1/<collection>/<id>/<action>`; anything longer or elsewhere matches no call. */
const segmentsOf = (path: string): ReadonlyArray<string | undefined> => {
  const [, version, ...rest] = path.split("/")
  return version === "v1" && rest.length <= 3 ? rest : ["?"]
}

const one = (form: Form.Form, found: Either.Either<ObjectRecord, WireError>): Decided =>
  Either.flatMap(found, (answer) =>
    Either.map(
      Params.accept(form, new Set(["client_secret", "expand[*]"])),
      () => ({ put: [], tell: [], answer })
    ))

/** What cannot be expanded refuses the call before it changes anything. */
const shown = (tables: Tables, form: Form.Form, decided: Decided): Result =>
  Either.flatMap(decided, ({ answer, put, tell }): Result =>
    answer._tag === "WireError"
      ? Either.right({ put, tell, answer })
      : Either.map(
        expand(answer, Form.list(form, "expand"), (id) => put.find((record) => record.id === id) ?? find(tables, id)),
        (shownAnswer) => ({ put, tell, answer: shownAnswer })
      ))

const page = (
  tables: Tables,
  { form, path }: Call,
  object: Page["object"],
  sliced: Either.Either<Listing.Slice, WireError>
): Result =>
  Either.flatMap(sliced, ({ hasMore, records }): Result => {
    const names = Form.list(form, "expand").map((name) => name.replace(/^data\./, ""))
    return Either.map(
      Either.all(records.map((record) => expand(record, names, (id) => find(tables, id)))),
      (items) => ({ put: [], tell: [], answer: { _tag: "Page", object, url: path, items, hasMore } })
    )
  })

const expand = (
  root: ObjectRecord,
  names: ReadonlyArray<string>,
  look: (id: string) => ObjectRecord | undefined
): Either.Either<Shown, WireError> => {
  const ids = expandable(root)
  const unknown = names.find((name) => !Object.hasOwn(ids, name))
  if (unknown !== undefined) {
    return Either.left(invalid(`This property cannot be expanded (${unknown}).`, { param: "expand" }))
  }
  const found = names.flatMap((name) => {
    const record = look(ids[name] ?? "")
    return record === undefined ? [] : [[name, record] satisfies [string, ObjectRecord]]
  })
  return Either.right({ _tag: "Shown", root, expanded: Object.fromEntries(found) })
}
