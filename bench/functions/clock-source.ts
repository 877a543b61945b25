import type { PollResult, ReaderContext, ReaderOutput, Source, SourceReader } from "../../index.ts";

/** The part of the stream that one subtask makes: records `first`, `first + stride`, .. */
interface Part {
  readonly first: number;
  readonly stride: number;
  /** Records made so far. */
  readonly position: number;
}

export interface ClockSourceOptions<T> {
  readonly generate: (index: number) => T;
  /** Of the whole source; null: as fast as it is polled; 0: nothing ever comes. */
  readonly ratePerSecond: number | null;
  /** When record 0 is due. */
  readonly startMs: number;
  /** With a rate: how long it waits until it looks again, as a batching window does. */
  readonly lingerMs: number;
}

/**
 * Records that become due by the clock alone, so that what was made does not depend on how often a
 * reader was made anew.
 */
export function clockSource<T>(options: ClockSourceOptions<T>): Source<T, Part, readonly Part[]> {
  return {
    describe: "clock",
    boundedness: "unbounded",
    replayable: true,
    splitId: ({ first }) => `${first}`,
    createEnumerator: (context, state) => {
      const { parallelism } = context;
      const parts = state ?? Array.from({ length: parallelism }, (_, first) => partOf(first));
      function partOf(first: number): Part {
        return { first, stride: parallelism, position: 0 };
      }
      return {
        start: () => parts.forEach((part, at) => context.assign(part, at % parallelism)),
        handleSplitRequest: () => undefined,
        addSplitsBack: () => undefined,
        snapshot: () => [],
      };
    },
    createReader: (context) => new ClockReader(options, context),
  };
}

class ClockReader<T> implements SourceReader<T, Part> {
  readonly #options: ClockSourceOptions<T>;
  readonly #context: ReaderContext;
  #part: Part | null = null;

  constructor(options: ClockSourceOptions<T>, context: ReaderContext) {
    this.#options = options;
    this.#context = context;
  }

  poll(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const part = this.#part;
    if (part === null) return "idle";
    const due = this.#dueOf(part);
    const end = Math.min(due, part.position + recordsMax);
    const out = output.split(`${part.first}`);
    for (let position = part.position; position < end; position += 1) {
      const index = part.first + position * part.stride;
      out.collect(this.#options.generate(index), this.#timeOf(index), position);
    }
    this.#part = { ...part, position: end };
    if (end < due) return "more";
    if (this.#options.ratePerSecond === 0) return "idle";
    const nextMs = this.#timeOf(part.first + end * part.stride);
    this.#context.wakeAt(Math.max(nextMs, this.#context.clock.now() + this.#options.lingerMs));
    return "idle";
  }

  addSplits(parts: readonly Part[]): void {
    this.#part = parts[0] ?? null;
  }

  noMoreSplits(): void {}

  /** Nothing is read in the background. */
  pending(): null {
    return null;
  }

  snapshot(): readonly Part[] {
    return this.#part === null ? [] : [this.#part];
  }

  #dueOf({ first, stride }: Part): number {
    const { ratePerSecond, startMs } = this.#options;
    if (ratePerSecond === null) return Number.MAX_SAFE_INTEGER;
    const made = ((this.#context.clock.now() - startMs) * ratePerSecond) / 1_000;
    return Math.max(0, Math.floor((made - first) / stride) + 1);
  }

  #timeOf(index: number): number {
    const { ratePerSecond, startMs } = this.#options;
    return startMs + Math.floor((index * 1_000) / (ratePerSecond || 100_000));
  }
}
