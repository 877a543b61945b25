import type { HistogramSummary, ReportedMetrics } from "../../../core/ports/index.ts";
import type { JobTopology } from "../../../core/protocol/job-topology.ts";
import { MIN_WATERMARK } from "../../../core/timestamp.ts";
import { MetricFolder } from "../metric-folder.ts";

/** What the workers of a job have reported, those that were killed among them. */
export class JobMetrics {
  readonly #folder: MetricFolder;
  readonly #sources: readonly { readonly uid: string; readonly subtasks: number }[];

  constructor(folder: string, { program }: JobTopology) {
    this.#folder = new MetricFolder(folder);
    this.#sources = program.plan.jobGraph.vertices.flatMap(({ id, parallelism }) =>
      program.implementations.get(id)?.kind === "source"
        ? [{ uid: id, subtasks: parallelism }]
        : [],
    );
  }

  look(): MetricsView {
    return new MetricsView(this.#folder.read(), this.#sources);
  }
}

/** Metrics as they are at one time. */
export class MetricsView {
  readonly #groups: readonly ReportedMetrics[];
  readonly #sources: readonly { readonly uid: string; readonly subtasks: number }[];

  constructor(
    groups: readonly ReportedMetrics[],
    sources: readonly { readonly uid: string; readonly subtasks: number }[],
  ) {
    this.#groups = groups;
    this.#sources = sources;
  }

  /** Records that sources emitted. */
  get records(): number {
    return this.#sources.reduce(
      (sum, { uid }) =>
        sum + this.#of(uid).reduce((own, { counters }) => own + (counters["numRecordsIn"] ?? 0), 0),
      0,
    );
  }

  /** The least of all source subtasks. */
  get watermark(): number {
    let least = Infinity;
    for (const { uid, subtasks } of this.#sources) {
      const readings = this.#of(uid).flatMap(
        ({ gauges }) => gauges["currentOutputWatermark"] ?? [],
      );
      if (readings.length < subtasks) return MIN_WATERMARK;
      for (const { value } of readings) least = Math.min(least, value);
    }
    return least === Infinity ? MIN_WATERMARK : least;
  }

  /** A counter, summed over everything that has it. */
  sum(counter: string): number {
    return this.#groups.reduce((sum, { counters }) => sum + (counters[counter] ?? 0), 0);
  }

  /** By name, as the embedded host has them; histograms as their summaries. */
  named(): Readonly<Record<string, number | HistogramSummary>> {
    const named: Record<string, number | HistogramSummary> = {};
    for (const { operator, subtask, counters, gauges, histograms } of this.#groups) {
      const put = (name: string, value: number | HistogramSummary): void => {
        named[`${operator}.${subtask}.${name}`] = value;
      };
      for (const [name, count] of Object.entries(counters)) put(name, count);
      for (const [name, { value }] of Object.entries(gauges)) put(name, value);
      for (const [name, summary] of Object.entries(histograms)) put(name, summary);
    }
    return named;
  }

  #of(uid: string): readonly ReportedMetrics[] {
    return this.#groups.filter(({ operator }) => operator === uid);
  }
}
