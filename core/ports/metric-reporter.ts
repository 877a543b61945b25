import type { CallScope } from "./call-scope.ts";

/** Whose metrics they are: Flink's scope of an operator, without what a function does not have. */
export interface MetricScope {
  readonly job: string;
  /** A uid; for metrics of a whole task that of its vertex, `:coordinator` for the job's own. */
  readonly operator: string;
  readonly subtask: number;
}

/** A gauge, as it was read last. */
export interface GaugeReading {
  readonly value: number;
  /** When it was read: of two readings the later one counts. */
  readonly timestampMs: number;
}

/** A statistic set: two of them add up to one. */
export interface HistogramSummary {
  /** More than 0. */
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** What changed in one scope, by name; all numbers are finite. */
export interface ReportedMetrics extends MetricScope {
  /** Increments. */
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, GaugeReading>>;
  /** Of the updates since the report before. */
  readonly histograms: Readonly<Record<string, HistogramSummary>>;
}

export interface MetricReport {
  /** Processing time. */
  readonly timestampMs: number;
  /** One for every scope in which something changed; at least one. */
  readonly groups: readonly ReportedMetrics[];
}

/**
 * Where metrics of functions go. An invocation calls it at most once, at its end, when its results are
 * committed and its outbox is sent; one in which nothing changed does not call it, so that an idle job
 * costs nothing.
 *
 * At most once: metrics of turns that lost their race are not reported, those of a container that died
 * between commit and report are lost, and after a rejection nobody reports the same again, because it
 * leaves open whether the report arrived. So metrics are for people and alarms; no result depends on
 * them.
 *
 * The invocation waits for the answer, within `scope.deadlineMs`: an adapter settles until then, and
 * leaves nothing running that a frozen container would finish in its next life. One line on standard
 * output per group, in CloudWatch's embedded metric format, needs no more than a report has: its time,
 * dimensions, values, and statistic sets.
 *
 * @example
 * const reporter: MetricReporter = {
 *   report: async ({ groups }) => groups.forEach((group) => console.log(JSON.stringify(group))),
 * };
 */
export interface MetricReporter {
  report(report: MetricReport, scope: CallScope): Promise<void>;
}
