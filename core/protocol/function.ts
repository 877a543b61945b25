import type {
  BlobStore,
  Clock,
  DelayQueue,
  DelayedMessage,
  FifoMessage,
  FifoQueues,
  Ledger,
  MetricReporter,
  NumberSets,
  Random,
  RecordStore,
} from "../ports/index.ts";

/** Everything outside that the functions of a job use. */
export interface FunctionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly queues: FifoQueues;
  readonly delays: DelayQueue;
  readonly ledger: Ledger;
  readonly records: RecordStore;
  readonly sets: NumberSets;
  readonly blobs: BlobStore;
  /** Without one nothing is reported. */
  readonly metrics?: MetricReporter;
}

/** What an event source mapping hands to a function: messages of one queue, maybe of several groups. */
export interface QueueEvent {
  readonly queue: string;
  readonly messages: readonly FifoMessage[];
}

/**
 * Which messages are to come again. All others are deleted by whoever delivered them. Of a group
 * the first failed message and everything behind it are listed.
 */
export interface BatchResult {
  readonly failed: readonly string[];
}

/** A function over a FIFO queue: the tasks and the coordinator of a job. */
export interface QueueFunction {
  /** Ends before `deadlineMs` (processing time) if it can; a rejection hands everything back. */
  handle(event: QueueEvent, deadlineMs: number): Promise<BatchResult>;
}

/** The function over the standard queue of wake-ups. */
export interface TimerFunction {
  handle(messages: readonly DelayedMessage[], deadlineMs: number): Promise<BatchResult>;
}
