/** A number that only grows. */
export interface Counter {
  inc(by?: number): void;
  readonly count: number;
}

/** A value that is read when somebody looks. */
export type Gauge = () => number;

/** The spread of a value: count, min, max, mean and quantiles of the latest 1,024 updates. */
export interface Histogram {
  update(value: number): void;
  readonly statistics: HistogramStatistics;
}

export interface HistogramStatistics {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** A tree of named metrics, one group per operator subtask, as in Flink. */
export interface MetricGroup {
  counter(name: string): Counter;
  gauge(name: string, gauge: Gauge): void;
  histogram(name: string): Histogram;
  addGroup(name: string): MetricGroup;
}
