/** The bodies that are being read, and how many bytes of them are kept. */
export interface BodyBudget {
  /** Begins to count a body; `giveUp` ends its reading. `isKnown` where its sender has a good token. */
  readonly begin: (isKnown: boolean, giveUp: () => void) => CountedBody
  /** How many bytes are kept of bodies that did not come to their end. */
  readonly size: () => number
}

/** One body on its way. */
export interface CountedBody {
  readonly add: (bytes: number) => void
  /** The body is complete or was given up; its bytes are no longer counted. */
  readonly end: () => void
}

interface Entry extends CountedBody {
  readonly giveUp: () => void
}

/**
 * At most `most` bytes. Beyond, the body that began first is given up, those of strangers before those of customers: an
 * honest body comes in a moment, and the oldest belongs to somebody who sends slowly or not at all.
 */
export const make = (most: number): BodyBudget => {
  const strangers = new Set<Entry>()
  const customers = new Set<Entry>()
  let size = 0

  const makeRoom = () => {
    for (const bodies of [strangers, customers]) {
      for (const oldest of bodies) {
        if (size <= most) return
        oldest.end()
        oldest.giveUp()
      }
    }
  }
  const begin = (isKnown: boolean, giveUp: () => void): CountedBody => {
    const bodies = isKnown ? customers : strangers
    let counted = 0
    const entry: Entry = {
      giveUp,
      add: (bytes) => {
        // A body that sent nothing yet has nothing to give up.
        if (counted === 0) bodies.add(entry)
        counted += bytes
        size += bytes
        makeRoom()
      },
      end: () => {
        bodies.delete(entry)
        size -= counted
        counted = 0
      }
    }
    return entry
  }
  return { begin, size: () => size }
}
