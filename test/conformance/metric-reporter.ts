import { describe, expect, test } from "vitest";
import {
  type MetricReport,
  type MetricReporter,
  type ReportedMetrics,
  unbounded,
} from "../../core/ports/index.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface MetricReporterHarness {
  readonly reporter: MetricReporter;
  /** Another one that reports to the same place; null: there is no other. */
  readonly another: MetricReporter | null;
  /** All that was reported so far, added up. */
  readonly sums: () => readonly ReportedMetrics[];
  readonly asksScope: true | Skipped;
}

type Values = Partial<Pick<ReportedMetrics, "counters" | "gauges" | "histograms">>;

function group(values: Values, operator = "hourly", subtask = 0, job = "sums"): ReportedMetrics {
  return { job, operator, subtask, counters: {}, gauges: {}, histograms: {}, ...values };
}

function report(timestampMs: number, ...groups: readonly ReportedMetrics[]): MetricReport {
  return { timestampMs, groups };
}

function sorted(groups: readonly ReportedMetrics[]): readonly ReportedMetrics[] {
  const keyed = groups.map(
    (each) => [`${each.job} ${each.operator} ${each.subtask}`, each] as const,
  );
  return keyed.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** What all metric reporters do. */
export function metricReporterConformance(
  name: string,
  open: () => Promise<MetricReporterHarness>,
): void {
  describe(`a metric reporter (${name})`, () => {
    test("has nothing before the first report", async () => {
      expect((await open()).sums()).toEqual([]);
    });

    test("adds up the increments of counters", async () => {
      const { reporter, sums } = await open();
      await reporter.report(report(1, group({ counters: { late: 2, seen: 1 } })), unbounded);
      await reporter.report(report(2, group({ counters: { late: 3, gone: 0.5 } })), unbounded);
      expect(sums()).toEqual([group({ counters: { late: 5, seen: 1, gone: 0.5 } })]);
    });

    test("keeps the latest reading of a gauge, also when an earlier one comes later", async () => {
      const { reporter, sums } = await open();
      const reading = (value: number, timestampMs: number): ReportedMetrics =>
        group({ gauges: { watermark: { value, timestampMs } } });
      await reporter.report(report(20, reading(-1.5, 20)), unbounded);
      await reporter.report(report(30, reading(-9_007_199_254_740_991, 30)), unbounded);
      await reporter.report(report(40, reading(7, 10)), unbounded);
      expect(sums()).toEqual([reading(-9_007_199_254_740_991, 30)]);
    });

    test("joins the summaries of a histogram", async () => {
      const { reporter, sums } = await open();
      const summary = (count: number, sum: number, min: number, max: number): ReportedMetrics =>
        group({ histograms: { bytes: { count, sum, min, max } } });
      await reporter.report(report(1, summary(2, 30, 10, 20)), unbounded);
      await reporter.report(report(2, summary(1, -5, -5, -5)), unbounded);
      expect(sums()).toEqual([summary(3, 25, -5, 20)]);
    });

    test("keeps jobs, operators and subtasks apart, within a report and between them", async () => {
      const { reporter, sums } = await open();
      const counters = { seen: 1 };
      const groups = [
        group({ counters }, "a", 1),
        group({ counters }, "a", 11),
        group({ counters }, "a.1", 1),
        group({ counters }, "ä b", 0),
        group({ counters }, ":coordinator", 0, "other"),
      ];
      await reporter.report(report(1, ...groups), unbounded);
      await reporter.report(report(2, ...groups), unbounded);
      const twice = groups.map((each) => ({ ...each, counters: { seen: 2 } }));
      expect(sorted(sums())).toEqual(sorted(twice));
    });

    test("takes every name", async () => {
      const { reporter, sums } = await open();
      const names = ["a.b", "two\nlines", "ä", "__proto__", "constructor", ""];
      const counters = Object.fromEntries(names.map((each, index) => [each, index + 1]));
      await reporter.report(report(1, group({ counters })), unbounded);
      const [first] = sums();
      expect(Object.entries(first?.counters ?? {})).toEqual(Object.entries(counters));
    });

    test("loses none of many reports at once", async () => {
      const { reporter, another, sums } = await open();
      const calls = Array.from({ length: 60 }, (_, index) =>
        (index % 2 === 0 ? reporter : (another ?? reporter)).report(
          report(index, group({ counters: { seen: 1 } }, "a", index % 3)),
          unbounded,
        ),
      );
      await Promise.all(calls);
      const seen = sums().map(({ counters }) => counters["seen"]);
      expect(seen).toEqual([20, 20, 20]);
    });

    test("reports nothing for a caller that is gone", async ({ skip }) => {
      const { reporter, sums, asksScope } = await open();
      if (asksScope !== true) return skip(asksScope.skipped);
      const call = reporter.report(report(1, group({ counters: { seen: 1 } })), overScope);
      await expect(call).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      expect(sums()).toEqual([]);
    });
  });
}
