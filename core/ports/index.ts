export type { BlobEntry, BlobRange, BlobStore } from "./blob-store.ts";
export { type CallScope, unbounded } from "./call-scope.ts";
export type { Clock } from "./clock.ts";
export type { DelayQueue, DelayedMessage } from "./delay-queue.ts";
export { type FifoEntry, type FifoMessage, type FifoQueues, fifoLimits } from "./fifo-queue.ts";
export {
  type AppendResult,
  LEDGER_ITEM_BYTES_MAX,
  type Ledger,
  type LedgerPage,
  type LedgerRow,
} from "./ledger.ts";
export type { Counter, Gauge, Histogram, HistogramStatistics, MetricGroup } from "./metrics.ts";
export type {
  GaugeReading,
  HistogramSummary,
  MetricReport,
  MetricReporter,
  MetricScope,
  ReportedMetrics,
} from "./metric-reporter.ts";
export { MetricSums } from "./metric-sums.ts";
export type { NumberSets } from "./number-sets.ts";
export { type Random, randomId } from "./random.ts";
export type { RecordStore, StoredRecord } from "./record-store.ts";
