import type {
  GaugeReading,
  HistogramSummary,
  MetricScope,
  ReportedMetrics,
} from "./metric-reporter.ts";

interface Sums {
  readonly scope: MetricScope;
  readonly counters: Map<string, number>;
  readonly gauges: Map<string, GaugeReading>;
  readonly histograms: Map<string, HistogramSummary>;
}

/** Metrics of many scopes, added up: the sum of reports is again a report. */
export class MetricSums {
  #groups = new Map<string, Sums>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  count(scope: MetricScope, name: string, by: number): void {
    const { counters } = this.#of(scope);
    counters.set(name, (counters.get(name) ?? 0) + by);
  }

  gauge(scope: MetricScope, name: string, reading: GaugeReading): void {
    const { gauges } = this.#of(scope);
    const known = gauges.get(name);
    if (known === undefined || known.timestampMs <= reading.timestampMs) gauges.set(name, reading);
  }

  summary(scope: MetricScope, name: string, summary: HistogramSummary): void {
    const { histograms } = this.#of(scope);
    const known = histograms.get(name);
    histograms.set(name, known === undefined ? summary : joined(known, summary));
  }

  add(groups: readonly ReportedMetrics[]): void {
    for (const group of groups) {
      for (const [name, by] of Object.entries(group.counters)) this.count(group, name, by);
      for (const [name, reading] of Object.entries(group.gauges)) this.gauge(group, name, reading);
      for (const [name, summary] of Object.entries(group.histograms)) {
        this.summary(group, name, summary);
      }
    }
  }

  read(): readonly ReportedMetrics[] {
    return [...this.#groups.values()].map(({ scope, counters, gauges, histograms }) => ({
      ...scope,
      counters: Object.fromEntries(counters),
      gauges: Object.fromEntries(gauges),
      histograms: Object.fromEntries(histograms),
    }));
  }

  /** Reads all, and begins anew. */
  take(): readonly ReportedMetrics[] {
    const groups = this.read();
    this.#groups = new Map();
    return groups;
  }

  #of({ job, operator, subtask }: MetricScope): Sums {
    const key = `${subtask}\n${operator}\n${job}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const scope = { job, operator, subtask };
    const sums = { scope, counters: new Map(), gauges: new Map(), histograms: new Map() };
    this.#groups.set(key, sums);
    return sums;
  }
}

function joined(left: HistogramSummary, right: HistogramSummary): HistogramSummary {
  return {
    count: left.count + right.count,
    sum: left.sum + right.sum,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
  };
}
