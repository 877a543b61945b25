import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type Clock,
  type EnumeratorContext,
  type JobHandle,
  type JobResult,
  NO_TIMESTAMP,
  type PollResult,
  type ReaderContext,
  type ReaderOutput,
  type RunJobOptions,
  type Settings,
  type Sink,
  type SinkWriter,
  type Source,
  type SourceReader,
  type SplitEnumerator,
  type StreamExecutionEnvironment,
  defineJob,
  restartStrategy,
  runJob,
} from "../../../index.ts";

export type Build = (env: StreamExecutionEnvironment) => void;

/** Starts a job in strict mode and without restarts, unless `settings` say otherwise. */
export function startJob(
  build: Build,
  settings: Settings = {},
  options: RunJobOptions = {},
): Promise<JobHandle> {
  const job = defineJob({
    name: "job",
    strict: true,
    restart: restartStrategy.none(),
    ...settings,
    build,
  });
  return runJob(job, options);
}

export async function runToEnd(
  build: Build,
  settings: Settings = {},
  options: RunJobOptions = {},
): Promise<JobResult> {
  const handle = await startJob(build, settings, options);
  return handle.result;
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-job-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Lets everything happen that needs no clock: waits for `until`, or for `rounds` of the event loop. */
export async function settle(until: () => boolean = () => false, rounds = 200): Promise<void> {
  for (let round = 0; round < rounds && !until(); round += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Waits for something that is certain to happen. */
export function eventually(condition: () => boolean): Promise<void> {
  return settle(condition, Infinity);
}

/** Processing time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  set(now: number): void {
    this.#now = now;
  }
}

interface ManualSplit {
  readonly position: number;
}

/** A source of one split that a test feeds. After a restart it gives the same records again. */
export class ManualSource<T> implements Source<T, ManualSplit, readonly ManualSplit[]> {
  readonly describe = "manual";
  readonly boundedness = "unbounded";
  readonly replayable = true;
  readonly #values: T[] = [];
  readonly #readers = new Set<ReaderContext>();
  #ended = false;

  splitId(): string {
    return "manual";
  }

  push(...values: readonly T[]): void {
    this.#values.push(...values);
    this.wake();
  }

  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** Gives all tasks that are due by their clock a turn. */
  wake(): void {
    for (const reader of this.#readers) reader.wake();
  }

  createEnumerator(
    context: EnumeratorContext<ManualSplit>,
    state: readonly ManualSplit[] | null,
  ): SplitEnumerator<ManualSplit, readonly ManualSplit[]> {
    const splits = [...(state ?? [{ position: 0 }])];
    return {
      start(): void {
        for (let subtask = 0; subtask < context.parallelism; subtask += 1) {
          const split = splits.shift();
          if (split !== undefined) context.assign(split, subtask);
          context.noMoreSplits(subtask);
        }
      },
      handleSplitRequest: () => undefined,
      addSplitsBack: (back) => splits.push(...back),
      snapshot: () => [...splits],
    };
  }

  createReader(context: ReaderContext): SourceReader<T, ManualSplit> {
    const values = this.#values;
    const ended = (): boolean => this.#ended;
    this.#readers.add(context);
    const forget = (): boolean => this.#readers.delete(context);
    let position: number | null = null;
    let noMore = false;
    return {
      addSplits([split]): void {
        position = split?.position ?? null;
        context.wake();
      },
      noMoreSplits(): void {
        noMore = true;
        context.wake();
      },
      poll(output: ReaderOutput<T>, recordsMax: number): PollResult {
        if (position === null) return noMore ? "end" : "idle";
        const split = output.split("manual");
        const end = Math.min(values.length, position + recordsMax);
        for (; position < end; position += 1) {
          split.collect(values[position] as T, NO_TIMESTAMP, position);
        }
        if (position < values.length) return "more";
        return ended() ? "end" : "idle";
      },
      snapshot: () => (position === null ? [] : [{ position }]),
      close: () => {
        forget();
      },
    };
  }
}

export interface ListSink<T> {
  readonly sink: Sink<T>;
  /** Everything written so far, also what no checkpoint covers. */
  readonly values: readonly T[];
}

/** Shows records as soon as they reach the sink, in all attempts. */
export function listSink<T>(): ListSink<T> {
  const values: T[] = [];
  const createWriter = (): SinkWriter<T, unknown> => ({
    write: (value) => void values.push(value),
  });
  return { values, sink: { describe: "list", guarantee: "none", createWriter } };
}

/** A promise that a test resolves. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

export function numbers(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

export function sorted(values: readonly number[]): readonly number[] {
  return values.toSorted((left, right) => left - right);
}
