import { UsageError, show } from "../errors.ts";
import type { IndexSplit } from "./indexed-reader.ts";
import { IndexedReader, recordsLeft } from "./indexed-reader.ts";
import type { EnumeratorContext, Source, SplitEnumerator } from "./source.ts";

export interface GeneratorOptions<T> {
  /** Makes record `index`, 0, 1, ... The same index must give the same record after a restore. */
  readonly generate: (index: number) => T;
  /** How many records; without it the source never ends. */
  readonly count?: number;
  /** Records per second of the whole source; without it as fast as possible. */
  readonly ratePerSecond?: number;
}

/** What the enumerator keeps: the splits that no reader has. */
export interface GeneratorState {
  readonly splits: readonly IndexSplit[];
}

/**
 * Records made by a function of their index. Subtask s of p makes the indexes s, s + p, ..., so
 * that all subtasks together go through the indexes at about the same pace.
 *
 * @example
 * generatorSource({ generate: (index) => ({ id: index }), count: 1_000, ratePerSecond: 100 });
 */
export function generatorSource<T>(
  options: GeneratorOptions<T>,
): Source<T, IndexSplit, GeneratorState> {
  const { generate, count, ratePerSecond } = options;
  checkOption("count", count, count === undefined || (Number.isSafeInteger(count) && count >= 0));
  checkOption("ratePerSecond", ratePerSecond, ratePerSecond === undefined || ratePerSecond > 0);
  const rate = ratePerSecond === undefined ? "" : `, ${ratePerSecond}/s`;
  return {
    describe: `generator(${count ?? "endless"}${rate})`,
    boundedness: count === undefined ? "unbounded" : "bounded",
    replayable: true,
    splitId: (split) => split.id,
    createEnumerator: (context, state) => new GeneratorEnumerator(context, count ?? null, state),
    createReader: (context) =>
      new IndexedReader(context, { valueAt: generate, ratePerSecond: ratePerSecond ?? null }),
  };
}

/** Spreads all splits at once, because a reader that waits for an endless one would never ask again. */
class GeneratorEnumerator implements SplitEnumerator<IndexSplit, GeneratorState> {
  readonly #context: EnumeratorContext<IndexSplit>;
  readonly #count: number | null;
  #splits: IndexSplit[];

  constructor(
    context: EnumeratorContext<IndexSplit>,
    count: number | null,
    state: GeneratorState | null,
  ) {
    this.#context = context;
    this.#count = count;
    this.#splits = state === null ? strides(context.parallelism, count) : [...state.splits];
  }

  start(): void {
    const { parallelism } = this.#context;
    this.#splits.sort((left, right) => left.first - right.first);
    this.#splits.forEach((split, at) => {
      this.#context.assign(split, at % parallelism);
    });
    this.#splits = [];
    for (let subtask = 0; subtask < parallelism; subtask++) this.#context.noMoreSplits(subtask);
  }

  handleSplitRequest(): void {
    // Everything was assigned in `start`.
  }

  addSplitsBack(splits: readonly IndexSplit[]): void {
    this.#splits.push(...splits);
  }

  snapshot(): GeneratorState {
    return { splits: this.#splits };
  }

  work(): { readonly total: number; readonly unassigned: number } | null {
    if (this.#count === null) return null;
    const unassigned = this.#splits.reduce((sum, split) => sum + recordsLeft(split), 0);
    return { total: this.#count, unassigned };
  }
}

function strides(parts: number, count: number | null): IndexSplit[] {
  const splits: IndexSplit[] = [];
  for (let first = 0; first < parts; first++) {
    const own = count === null ? null : Math.ceil(Math.max(0, count - first) / parts);
    if (own !== 0) splits.push({ id: `${first}`, first, stride: parts, count: own, position: 0 });
  }
  return splits;
}

function checkOption(name: string, value: unknown, valid: boolean): void {
  if (valid) return;
  throw new UsageError(`generatorSource: "${name}" cannot be used (got ${show(value)})`, {
    code: "USAGE_GENERATOR_OPTION",
    hint: name === "count" ? "give a whole number, or leave it out" : "give a number above 0",
  });
}
