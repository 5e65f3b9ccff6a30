import { Duration, Schedule } from "effect"

const capped = (cap: Duration.DurationInput) => <Out, In, R>(schedule: Schedule.Schedule<Out, In, R>) =>
  Schedule.modifyDelay(schedule, (_, delay) => Duration.min(delay, Duration.decode(cap)))

/** Deadlocks, lock time-outs and a connection lost in the middle: a handful of quick tries, under a second in all. */
export const contention = Schedule.exponential("10 millis", 2).pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(5))
)

/** How long a consumer stays paused before it asks again whether an outage is over. It has no end: the message waits. */
export const outagePause = Schedule.exponential("100 millis", 2).pipe(Schedule.jittered, capped("2 seconds"))

/** How often a worker that died is started again. It has no end, and begins anew after a quiet minute. */
export const supervision = Schedule.exponential("100 millis", 2).pipe(
  Schedule.jittered,
  capped("5 seconds"),
  Schedule.resetAfter("1 minute")
)

/** How many times a message that fails by itself is tried before it is parked. */
export const attemptLimit = 5

/** How long a message that failed by itself, or came too early, waits before its next attempt; attempts count from 1. */
export const redeliveryDelay = (attempt: number): Duration.Duration =>
  Duration.min(Duration.millis(50 * 4 ** (attempt - 1)), Duration.seconds(10))

/** How long a message that could not be published waits before the relay finds it again. */
export const republishPause = Duration.seconds(1)

/** How often a consumer looks for parked messages that a person wants replayed. */
export const replayPoll = Duration.seconds(1)

/** How long a message may keep somebody outside busy before it is tried again; far below a broker's own limit. */
export const outsideLimit = Duration.seconds(60)
