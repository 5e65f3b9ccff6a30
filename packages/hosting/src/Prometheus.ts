import type { MetricPair } from "effect"
import { Array, Effect, Metric, MetricState, Option } from "effect"

/** The media type of the text format, version 0.0.4. */
export const mediaType = "text/plain; version=0.0.4; charset=utf-8"

interface Family {
  readonly name: string
  readonly kind: "counter" | "gauge" | "histogram" | "summary"
  readonly description: string
  readonly lines: ReadonlyArray<string>
}

/** Everything that was measured so far, in Prometheus' text format. */
export const text: Effect.Effect<string> = Effect.map(Metric.snapshot, (pairs) => {
  const families = Array.groupBy(Array.filterMap(pairs, familyOf), ({ name }) => name)
  const parts = Object.values(families).flatMap((members) => [
    `# HELP ${members[0].name} ${escapeHelp(members[0].description)}`,
    `# TYPE ${members[0].name} ${members[0].kind}`,
    ...members.flatMap(({ lines }) => lines)
  ])
  return `${parts.join("\n")}\n`
})

const familyOf = ({ metricKey, metricState }: MetricPair.MetricPair.Untyped): Option.Option<Family> => {
  const name = metricKey.name.replaceAll(/[^A-Za-z0-9_:]/g, "_")
  const labels = metricKey.tags.map(({ key, value }): Label => [key, value])
  const family = (kind: Family["kind"], lines: ReadonlyArray<string>): Option.Option<Family> =>
    Option.some({ name, kind, lines, description: Option.getOrElse(metricKey.description, () => name) })

  if (MetricState.isCounterState(metricState)) return family("counter", [line(name, labels, metricState.count)])
  if (MetricState.isGaugeState(metricState)) return family("gauge", [line(name, labels, metricState.value)])
  if (MetricState.isFrequencyState(metricState)) {
    const lines = [...metricState.occurrences].map(([value, count]) => line(name, [...labels, ["value", value]], count))
    return family("counter", lines)
  }
  if (MetricState.isHistogramState(metricState)) {
    const buckets = metricState.buckets
      .filter(([limit]) => Number.isFinite(limit))
      .map(([limit, count]) => line(`${name}_bucket`, [...labels, ["le", String(limit)]], count))
    const all = line(`${name}_bucket`, [...labels, ["le", "+Inf"]], metricState.count)
    return family("histogram", [...buckets, all, ...totals(name, labels, metricState)])
  }
  if (MetricState.isSummaryState(metricState)) {
    const quantiles = metricState.quantiles.map(([quantile, value]) =>
      line(name, [...labels, ["quantile", String(quantile)]], Option.getOrElse(value, () => Number.NaN))
    )
    return family("summary", [...quantiles, ...totals(name, labels, metricState)])
  }
  return Option.none()
}

type Label = readonly [key: string, value: string]

const totals = (
  name: string,
  labels: ReadonlyArray<Label>,
  state: { readonly sum: number; readonly count: number }
) => [
  line(`${name}_sum`, labels, state.sum),
  line(`${name}_count`, labels, state.count)
]

const line = (name: string, labels: ReadonlyArray<Label>, value: number | bigint): string => {
  const inside = labels.map(([key, text]) => `${key.replaceAll(/[^A-Za-z0-9_]/g, "_")}="${escapeLabel(text)}"`)
  return `${name}${inside.length === 0 ? "" : `{${inside.join(",")}}`} ${String(value)}`
}

const escapeHelp = (help: string): string => help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const escapeLabel = (label: string): string => escapeHelp(label).replaceAll("\"", "\\\"")
