import { Metric, MetricBoundaries, MetricLabel } from "effect"

const requests = Metric.counter("http_requests_total", { description: "Requests answered", incremental: true })
const durations = Metric.histogram(
  "http_request_duration_seconds",
  MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
  "Time from request to answer"
)

/** One request that was answered. The route is a pattern, and so none of what the caller wrote. */
export interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly milliseconds: number
}

/**
 * The same array for the same labels: a metric finds its counter by it, and otherwise looks for it among all metrics with
 * every request. There are as many as routes, methods that Node reads and statuses that we answer.
 */
const known = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()

const labelsOf = ({ method, route, status }: Answered): ReadonlyArray<MetricLabel.MetricLabel> => {
  const name = `${method} ${route} ${status}`
  const found = known.get(name)
  if (found !== undefined) return found
  const labels = [
    MetricLabel.make("method", method),
    MetricLabel.make("route", route),
    MetricLabel.make("status", `${status}`)
  ]
  known.set(name, labels)
  return labels
}

/** Counts the request, and how long it took. */
export const count = (answered: Answered): void => {
  const labels = labelsOf(answered)
  requests.unsafeUpdate(1, labels)
  durations.unsafeUpdate(answered.milliseconds / 1000, labels)
}
