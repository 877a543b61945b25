import type {
  Counter,
  Gauge,
  Histogram,
  HistogramStatistics,
  MetricGroup,
  MetricSums,
} from "../ports/index.ts";
import { RingHistogram } from "./ring-histogram.ts";

class SumCounter implements Counter {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  inc(by = 1): void {
    this.#count += by;
  }
}

/** A counter that is counted elsewhere, and read when somebody looks. */
class ReadCounter {
  readonly #read: () => number;

  constructor(read: () => number) {
    this.#read = read;
  }

  get count(): number {
    return this.#read();
  }
}

type Metric = SumCounter | ReadCounter | RingHistogram | Gauge;

interface Registered {
  readonly metric: Metric;
  /** Null above `<operator>.<subtask>`: it is not reported. */
  readonly scope: OperatorScope | null;
  /** Within its scope. */
  readonly name: string;
  /** What was told of it last: the count, or the reading. */
  told: number;
}

interface OperatorScope {
  readonly operator: string;
  readonly subtask: number;
}

/** Metrics by name, e.g. `hourly.0.numLateRecordsDropped`. The same name gives the same metric. */
export class MetricRegistry implements MetricGroup {
  readonly #metrics: Map<string, Registered>;
  readonly #path: readonly string[];
  readonly #prefix: string;
  readonly #scope: OperatorScope | null;

  constructor(path: readonly string[] = [], metrics: Map<string, Registered> = new Map()) {
    const [operator, subtask] = path;
    this.#path = path;
    this.#prefix = path.map((each) => `${each}.`).join("");
    this.#metrics = metrics;
    this.#scope =
      operator === undefined || subtask === undefined
        ? null
        : { operator, subtask: Number(subtask) };
  }

  counter(name: string): Counter {
    const existing = this.#metrics.get(this.#prefix + name)?.metric;
    if (existing instanceof SumCounter) return existing;
    const counter = new SumCounter();
    this.#register(name, counter);
    return counter;
  }

  /** A counter that `read` knows, which only grows from 0 on. */
  counted(name: string, read: () => number): void {
    this.#register(name, new ReadCounter(read));
  }

  gauge(name: string, gauge: Gauge): void {
    this.#register(name, gauge);
  }

  histogram(name: string): Histogram {
    const existing = this.#metrics.get(this.#prefix + name)?.metric;
    if (existing instanceof RingHistogram) return existing;
    const histogram = new RingHistogram();
    this.#register(name, histogram);
    return histogram;
  }

  addGroup(name: string): MetricRegistry {
    return new MetricRegistry([...this.#path, name], this.#metrics);
  }

  /** All values now: counters and gauges as numbers, histograms as their statistics. */
  read(): Readonly<Record<string, number | HistogramStatistics>> {
    const values: Record<string, number | HistogramStatistics> = {};
    for (const [name, { metric }] of this.#metrics) {
      if (typeof metric === "function") values[name] = metric();
      else values[name] = metric instanceof RingHistogram ? metric.statistics : metric.count;
    }
    return values;
  }

  /** Adds to `sums` what changed since the last time; what is not finite is left out. */
  moveChanges(sums: MetricSums, job: string, timestampMs: number): void {
    for (const registered of this.#metrics.values()) {
      const { metric, scope, name } = registered;
      if (scope === null) continue;
      if (metric instanceof RingHistogram) {
        const summary = metric.takeSummary();
        if (summary === null || !Number.isFinite(summary.sum)) continue;
        sums.summary({ job, ...scope }, name, summary);
        continue;
      }
      const isGauge = typeof metric === "function";
      const value = isGauge ? readingOf(metric) : metric.count;
      if (!Number.isFinite(value) || value === registered.told) continue;
      const at = { job, ...scope };
      if (isGauge) sums.gauge(at, name, { value, timestampMs });
      else sums.count(at, name, value - registered.told);
      registered.told = value;
    }
  }

  #register(name: string, metric: Metric): void {
    const isGauge = typeof metric === "function";
    const within = [...this.#path.slice(2), name].join(".");
    this.#metrics.set(this.#prefix + name, {
      metric,
      scope: this.#scope,
      name: within,
      told: isGauge ? Number.NaN : 0,
    });
  }
}

/** A gauge of user code that throws has no reading: nothing fails for metrics. */
function readingOf(gauge: Gauge): number {
  try {
    return gauge();
  } catch {
    return Number.NaN;
  }
}
