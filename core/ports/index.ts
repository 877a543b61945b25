export type { BlobEntry, BlobRange, BlobStore } from "./blob-store.ts";
export type { Clock } from "./clock.ts";
export type { Counter, Gauge, Histogram, HistogramStatistics, MetricGroup } from "./metrics.ts";
