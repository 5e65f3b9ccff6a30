import { cpus } from "node:os"
import { performance } from "node:perf_hooks"

/** For what share of the time something is at work that begins to be short of time, and that has none left. */
export interface Busy {
  readonly from: number
  readonly to: number
}

/** How short of time something is that is at work for this share of it: from 0, not at all, to 1. */
export const shortageAt = (share: number, { from, to }: Busy): number =>
  Math.min(Math.max((share - from) / (to - from), 0), 1)

/** Time that has passed since some beginning, in milliseconds, and how much of it was idle. */
export interface Passed {
  readonly all: number
  readonly idle: number
}

/** Tells for what share of the time something was at work of late. It is looked at again when the window is over. */
export const makeShare = (look: () => Passed, window: number): () => number => {
  let share = 0
  let looked = performance.now()
  let last = look()
  return () => {
    if (performance.now() - looked < window) return share
    const now = look()
    const all = now.all - last.all
    if (all > 0) share = 1 - (now.idle - last.idle) / all
    looked = performance.now()
    last = now
    return share
  }
}

const eventLoopTime = (): Passed => {
  const { active, idle } = performance.eventLoopUtilization()
  return { all: active + idle, idle }
}

/** The time of all processors, as the operating system counts it; no time has passed where it does not tell. */
export const machineTime = (): Passed => {
  let [all, idle] = [0, 0]
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle
    idle += times.idle
  }
  return { all, idle }
}

/** For what share of the time the process' own event loop is at work, and the whole machine. */
export interface Shares {
  readonly eventLoop: number
  readonly machine: number
}

/**
 * Tells the shares of late: of the event loop in the last quarter of a second, and of the machine's processors, whoever
 * used them, in the last second. A shorter time would take for lasting what passes by itself.
 */
export const makeShares = (): () => Shares => {
  const eventLoop = makeShare(eventLoopTime, 250)
  const machine = makeShare(machineTime, 1000)
  return () => ({ eventLoop: eventLoop(), machine: machine() })
}

/**
 * Where none of the machine's time is left, others wait for what a small batch takes: several replicas on one machine,
 * each of them idle for much of its own.
 */
const machineBusy = { from: 0.95, to: 1 }

/** How short of time a process is whose event loop is short of it as said: from 0, not at all, to 1. */
export const shortageOf = ({ eventLoop, machine }: Shares, busy: Busy): number =>
  Math.max(shortageAt(eventLoop, busy), shortageAt(machine, machineBusy))

/** Tells how short of time the process was of late. */
export const makeShortage = (busy: Busy): () => number => {
  const shares = makeShares()
  return () => shortageOf(shares(), busy)
}
