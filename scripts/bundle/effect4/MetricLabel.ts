/** Labels of metrics, which are not counted; see Metric.ts. */
export type MetricLabel = undefined
export const make = (_name: string, _value: string): MetricLabel => undefined
