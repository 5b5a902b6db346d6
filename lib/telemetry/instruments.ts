/** Attributes of a measurement: closed codes and words only. */
export type MetricAttributes = Readonly<Record<string, string | number>>

/** Options of an instrument, as OpenTelemetry defines them. */
export interface MetricOptionsLike {
  /** What is counted or measured. */
  description: string
  /** In UCUM notation, such as `s` or `{login}`. */
  unit: string
  /** Boundaries of a histogram's buckets. */
  advice?: { explicitBucketBoundaries: number[] }
}

/** A `Meter` of `@opentelemetry/api`, as far as it is used here. */
export interface MeterLike {
  /** Creates a counter. */
  createCounter(
    name: string,
    options: MetricOptionsLike,
  ): { add(value: number, attributes: Record<string, string | number>): void }
  /** Creates a histogram. */
  createHistogram(
    name: string,
    options: MetricOptionsLike,
  ): { record(value: number, attributes: Record<string, string | number>): void }
}

/** Measures seconds, in the buckets that OpenTelemetry's conventions give for HTTP durations. */
export function secondsHistogram(meter: MeterLike, name: string, description: string): Measure {
  const explicitBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
  const histogram = meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } })
  return (seconds, attributes) => quietly(() => histogram.record(seconds, { ...attributes }))
}

/** Counts one by one. */
export function counter(meter: MeterLike, name: string, unit: string, description: string): Count {
  const made = meter.createCounter(name, { description, unit: `{${unit}}` })
  return (attributes) => quietly(() => made.add(1, { ...attributes }))
}

// An error of a channel's subscriber would end the process (Node's documentation of diagnostics_channel).
function quietly(measure: () => void): void {
  try {
    measure()
  } catch {
    // A missing measurement is better than a failed request.
  }
}

/** Records a duration in seconds. */
export type Measure = (seconds: number, attributes: MetricAttributes) => void

/** Counts one. */
export type Count = (attributes: MetricAttributes) => void
