import { RestoreError } from "../errors.ts";
import type { IndexSplit } from "./indexed-reader.ts";
import { IndexedReader, recordsLeft } from "./indexed-reader.ts";
import type { OrderedEnumeratorState } from "./ordered-enumerator.ts";
import { OrderedEnumerator } from "./ordered-enumerator.ts";
import type { ReaderContext, Source } from "./source.ts";

/**
 * The given values, in order, once. They are one split, so one subtask reads them all.
 *
 * @example env.fromSource(collectionSource(["a", "b"]), WatermarkStrategy.noWatermarks(), "letters");
 */
export function collectionSource<T>(
  values: Iterable<T>,
): Source<T, IndexSplit, OrderedEnumeratorState<IndexSplit>> {
  const list = [...values];
  const count = list.length;
  return {
    describe: `collection(${count} ${count === 1 ? "value" : "values"})`,
    boundedness: "bounded",
    replayable: true,
    splitId: (split) => split.id,
    createEnumerator: (context, state) =>
      new OrderedEnumerator(
        context,
        {
          discover: () => [{ id: "collection", first: 0, stride: 1, count, position: 0 }],
          workLeft: recordsLeft,
          compare: () => 0,
        },
        state,
      ),
    createReader: (context) => new CollectionReader(context, list),
  };
}

class CollectionReader<T> extends IndexedReader<T> {
  readonly #count: number;

  constructor(context: ReaderContext, list: readonly T[]) {
    // The reader stays within the split's count, so the element is there.
    super(context, { valueAt: (index) => list[index] as T, ratePerSecond: null });
    this.#count = list.length;
  }

  override addSplits(splits: readonly IndexSplit[]): void {
    for (const split of splits) checkCount(split, this.#count);
    super.addSplits(splits);
  }
}

function checkCount(split: IndexSplit, count: number): void {
  if (split.count === count) return;
  throw new RestoreError(
    `the collection has ${count} values (had ${split.count} when the checkpoint was taken)`,
    { code: "RESTORE_COLLECTION_CHANGED", hint: "give the same values as before, or start afresh" },
  );
}
