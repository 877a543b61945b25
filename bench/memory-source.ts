import type { PollResult, ReaderOutput, Source, SourceReader } from "../index.ts";
import type { Reading } from "./hand-written.ts";

interface Position {
  readonly position: number;
}

/** Emits the same objects `rounds` times; each round is `roundMs` later in event time. */
export function memorySource<T extends { readonly timestamp: number } = Reading>(
  values: readonly T[],
  rounds: number,
  roundMs: number,
): Source<T, Position, readonly Position[]> {
  return {
    describe: `memory(${values.length} x ${rounds})`,
    boundedness: "bounded",
    replayable: true,
    splitId: () => "memory",
    createEnumerator: (context, state) => {
      let splits = [...(state ?? [{ position: 0 }])];
      return {
        start: () => undefined,
        handleSplitRequest: (subtask) => {
          const split = splits.shift();
          if (split === undefined) context.noMoreSplits(subtask);
          else context.assign(split, subtask);
        },
        addSplitsBack: (back) => {
          splits = [...back, ...splits];
        },
        snapshot: () => splits,
      };
    },
    createReader: (context) => {
      return new MemoryReader(values, rounds, roundMs, () => context.requestSplit());
    },
  };
}

class MemoryReader<T extends { readonly timestamp: number }> implements SourceReader<T, Position> {
  readonly #values: readonly T[];
  readonly #total: number;
  readonly #roundMs: number;
  readonly #request: () => void;
  #position = -1;

  constructor(values: readonly T[], rounds: number, roundMs: number, request: () => void) {
    this.#values = values;
    this.#total = values.length * rounds;
    this.#roundMs = roundMs;
    this.#request = request;
  }

  start(): void {
    this.#request();
  }

  poll(output: ReaderOutput<T>, recordsMax: number): PollResult {
    if (this.#position < 0) return "idle";
    if (this.#position >= this.#total) return "end";
    const out = output.split("memory");
    const { length } = this.#values;
    const end = Math.min(this.#total, this.#position + recordsMax);
    let index = this.#position % length;
    let shift = Math.floor(this.#position / length) * this.#roundMs;
    for (let position = this.#position; position < end; position += 1) {
      const value = this.#values[index] as T;
      out.collect(value, value.timestamp + shift, position);
      index += 1;
      if (index === length) {
        index = 0;
        shift += this.#roundMs;
      }
    }
    this.#position = end;
    return "more";
  }

  addSplits(splits: readonly Position[]): void {
    this.#position = splits[0]?.position ?? 0;
  }

  noMoreSplits(): void {}

  snapshot(): readonly Position[] {
    return [{ position: Math.max(0, this.#position) }];
  }
}
