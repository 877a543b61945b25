import { UsageError, show } from "../errors.ts";
import type { IndexSplit } from "./indexed-reader.ts";
import { IndexedReader, recordsLeft } from "./indexed-reader.ts";
import type { OrderedEnumeratorState } from "./ordered-enumerator.ts";
import { OrderedEnumerator } from "./ordered-enumerator.ts";
import type { Source } from "./source.ts";

/**
 * The integers `from` to `to`, both included, in one contiguous range per subtask. A UsageError if
 * a bound is no safe integer; no records if `to` is below `from`.
 *
 * @example env.fromSource(sequenceSource(1, 100), WatermarkStrategy.noWatermarks(), "numbers");
 */
export function sequenceSource(
  from: number,
  to: number,
): Source<number, IndexSplit, OrderedEnumeratorState<IndexSplit>> {
  checkBound("from", from);
  checkBound("to", to);
  return {
    describe: `sequence(${from} to ${to})`,
    boundedness: "bounded",
    replayable: true,
    splitId: (split) => split.id,
    createEnumerator: (context, state) =>
      new OrderedEnumerator(
        context,
        {
          discover: () => ranges(from, to, context.parallelism),
          workLeft: recordsLeft,
          compare: (left, right) => left.first - right.first,
        },
        state,
      ),
    createReader: (context) =>
      new IndexedReader<number>(context, { valueAt: (index) => index, ratePerSecond: null }),
  };
}

/** `from..to` in at most `parts` ranges whose lengths differ by at most one. */
function ranges(from: number, to: number, parts: number): IndexSplit[] {
  const total = Math.max(0, to - from + 1);
  const splits: IndexSplit[] = [];
  let first = from;
  for (let part = 0; part < parts; part++) {
    const count = Math.floor(total / parts) + (part < total % parts ? 1 : 0);
    if (count === 0) continue;
    splits.push({ id: `${first}..${first + count - 1}`, first, stride: 1, count, position: 0 });
    first += count;
  }
  return splits;
}

function checkBound(name: string, value: number): void {
  if (Number.isSafeInteger(value)) return;
  throw new UsageError(`sequenceSource: "${name}" is no safe integer (got ${show(value)})`, {
    code: "USAGE_SEQUENCE_BOUND",
    hint: "give whole numbers within -/+(2^53 - 1)",
  });
}
