/** Who has to say its messages of an order again, so that whoever missed them hears them. */
export type Speaker = "order" | "payment" | "inventory" | "warehouse"

/**
 * What puts a mismatch right. `SayAgain`: messages that somebody did not hear. `Repair`: the service itself. `Person`: nobody
 * but a person can tell what is right.
 */
export type Remedy =
  | { readonly _tag: "SayAgain"; readonly speakers: ReadonlyArray<Speaker> }
  | { readonly _tag: "Repair"; readonly service: string }
  | { readonly _tag: "Person" }

/** Something that is not told the same everywhere. The `id` stays from look to look; `does` is the remedy in words. */
export interface Finding {
  readonly id: string
  readonly orderId: string | null
  readonly says: string
  readonly remedy: Remedy
  readonly does: string
}

export type Outcome = "repaired" | "would be repaired" | "needs a person"

/** A finding, and what became of it. */
export interface Told extends Finding {
  readonly outcome: Outcome
}
