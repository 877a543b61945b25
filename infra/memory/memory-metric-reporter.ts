import {
  type MetricReport,
  type MetricReporter,
  MetricSums,
  type ReportedMetrics,
} from "../../core/ports/index.ts";

/**
 * Reports in memory, as they came and added up. It is the service, not its client: it never looks at
 * the scope of a call.
 */
export class MemoryMetricReporter implements MetricReporter {
  readonly reports: MetricReport[] = [];

  report(report: MetricReport): Promise<void> {
    this.reports.push(report);
    return Promise.resolve();
  }

  /** All that was reported, added up. */
  sums(): readonly ReportedMetrics[] {
    const sums = new MetricSums();
    for (const { groups } of this.reports) sums.add(groups);
    return sums.read();
  }
}
