/** How many slots there are in all, and how many of them one owner may hold. */
export interface Bounds {
  readonly total: number
  readonly each: number
}

/** A counted resource. What has no owner counts towards the total alone. */
export interface Slots {
  /** Takes a slot, if there is one left for this owner. */
  readonly take: (owner: string | undefined) => boolean
  /** Takes a slot though there may be none left: for work that was admitted before. */
  readonly force: (owner: string | undefined) => void
  readonly release: (owner: string | undefined) => void
  readonly taken: () => number
}

/** Owners without a slot are not kept, so that the memory is bounded by the slots taken. */
export const make = ({ each, total }: Bounds): Slots => {
  const held = new Map<string, number>()
  let taken = 0

  const force = (owner: string | undefined) => {
    taken += 1
    if (owner !== undefined) held.set(owner, (held.get(owner) ?? 0) + 1)
  }
  const take = (owner: string | undefined) => {
    if (taken >= total || (owner !== undefined && (held.get(owner) ?? 0) >= each)) return false
    force(owner)
    return true
  }
  const release = (owner: string | undefined) => {
    taken -= 1
    if (owner === undefined) return
    const left = (held.get(owner) ?? 0) - 1
    if (left > 0) held.set(owner, left)
    else held.delete(owner)
  }
  return { take, force, release, taken: () => taken }
}

/** The total with a share of half for each owner: one alone can never take everything. */
export const halves = (total: number): Slots => make({ total, each: Math.ceil(total / 2) })
