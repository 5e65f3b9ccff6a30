import { holdsCardNumber } from "@quartet/contracts/CardNumber"
import { Context } from "effect"
import { randomUUID } from "node:crypto"

/** The header that carries it, in requests as in answers. */
export const header = "x-correlation-id"

/** Ties together everything that one request caused. Empty outside of a request. */
export class Correlation extends Context.Reference<Correlation>()("@quartet/hosting/Correlation", {
  defaultValue: () => ""
}) {}

/** Taken from the caller only when it is harmless in a log and a header; otherwise made here. */
export const accept = (offered: string | undefined): string =>
  offered !== undefined && /^[A-Za-z0-9._:-]{8,64}$/.test(offered) && !holdsCardNumber(offered)
    ? offered
    : randomUUID()
