import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { unbounded } from "../../core/ports/index.ts";
import { FileMetricReporter } from "../../infra/local/file-metric-reporter.ts";
import { MetricFolder } from "../../infra/local/metric-folder.ts";
import { MemoryMetricReporter } from "../../infra/memory/memory-metric-reporter.ts";
import { type MetricReporterHarness, metricReporterConformance } from "./metric-reporter.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";

const directory = temporaryDirectories();

metricReporterConformance("memory", () => {
  const reporter = new MemoryMetricReporter();
  const sums = () => reporter.sums();
  return Promise.resolve({ reporter, another: null, sums, asksScope: isTheService });
});

/** `bytesMax` 0: every report begins a file. */
const files = (bytesMax?: number) => async (): Promise<MetricReporterHarness> => {
  const folder = await directory();
  const read = new MetricFolder(folder);
  return {
    reporter: new FileMetricReporter(folder, bytesMax),
    another: new FileMetricReporter(folder, bytesMax),
    sums: () => read.read(),
    asksScope: true,
  };
};
metricReporterConformance("files", files());
metricReporterConformance("files that are replaced at every report", files(0));

describe("a file of metrics", () => {
  test("is followed by one with the sums when it gets long, and removed", async () => {
    const folder = await directory();
    const reporter = new FileMetricReporter(folder, 1_000);
    const read = new MetricFolder(folder);
    const group = { job: "sums", operator: "a", subtask: 0, gauges: {}, histograms: {} };
    for (let count = 1; count <= 100; count += 1) {
      const groups = [{ ...group, counters: { seen: 1 } }];
      await reporter.report({ timestampMs: count, groups }, unbounded);
      if (count % 7 === 0) expect(read.read()).toEqual([{ ...group, counters: { seen: count } }]);
    }
    const names = await readdir(folder);
    expect(names).toHaveLength(1);
    expect(Number(names[0]?.split(".")[1])).toBeGreaterThan(3);
  });
});
