import { Effect } from "effect"
import * as Admission from "./Admission.ts"
import * as Cors from "./Cors.ts"

/** How a server meets strangers: how many requests it takes from each, and which foreign pages may use it. */
export interface PublicEdge {
  readonly admit: Admission.Admit
  readonly cors: Cors.Cors
}

/** From the settings. */
export const make = Effect.all({ admit: Admission.make, cors: Cors.make })
