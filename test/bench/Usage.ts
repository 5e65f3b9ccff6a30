import { Effect } from "effect"
import { readFile } from "node:fs/promises"

/** Resident memory of a process in MiB. Source: proc(5). */
export const resident = (pid: number): Effect.Effect<number> =>
  Effect.map(
    Effect.promise(() => readFile(`/proc/${pid}/status`, "utf8")),
    (status) => Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024
  )

/** Processor time a process has had, in milliseconds. Source: proc(5), whose ticks are a hundredth of a second. */
export const processorTime = (pid: number): Effect.Effect<number> =>
  Effect.map(Effect.promise(() => readFile(`/proc/${pid}/stat`, "utf8")), (stat) => {
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13)
    return (Number(user) + Number(system)) * 10
  })
