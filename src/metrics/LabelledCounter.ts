/**
 * A counter whose labels have few values, such as a reason: one count for each.
 */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"

/** Counts by labels. Labels of an app's own (`Effect.tagMetrics`) are added by `add`. */
export interface LabelledCounter<Labels extends Readonly<Record<string, string>>> {
  readonly add: (labels: Labels) => Effect.Effect<void>
  /** The same for a plain callback that has no fiber: no more than a look-up, and an addition. */
  readonly addNow: (labels: Labels) => void
}

/**
 * A counter.
 *
 * @param name - As it is exported.
 * @param description - What one count is.
 */
export const make = <Labels extends Readonly<Record<string, string>>>(
  name: string,
  description: string
): LabelledCounter<Labels> => {
  const counter = Metric.counter(name, { description, incremental: true })
  // The counter finds its count by the identity of the labels.
  const known = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()
  const labelsOf = (labels: Labels) => {
    const key = Object.values(labels).join(" ")
    const found = known.get(key)
    if (found !== undefined) return found
    // By name: Effect keeps another count for the same labels in another order.
    const made = Object.entries(labels).sort().map(([name, value]) => MetricLabel.make(name, value))
    known.set(key, made)
    return made
  }
  return {
    add: (labels) => Metric.update(Metric.taggedWithLabels(counter, labelsOf(labels)), 1),
    addNow: (labels) => counter.unsafeUpdate(1, labelsOf(labels))
  }
}
