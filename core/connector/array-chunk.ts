import { NO_TIMESTAMP } from "../timestamp.ts";
import type { RecordChunk } from "./prefetching-reader.ts";
import type { SplitOutput } from "./source.ts";

/**
 * Records of a split that lie in an array.
 *
 * @example new ArrayChunk(rows, 0, 0) // the first rows of the split
 */
export class ArrayChunk<T> implements RecordChunk<T> {
  readonly resumeAt: number;
  readonly firstPosition: number;
  readonly #values: ArrayLike<T>;
  #next = 0;

  constructor(values: ArrayLike<T>, resumeAt: number, firstPosition: number) {
    this.resumeAt = resumeAt;
    this.firstPosition = firstPosition;
    this.#values = values;
  }

  emit(output: SplitOutput<T>, recordsMax: number): number {
    const from = this.#next;
    const to = Math.min(this.#values.length, from + recordsMax);
    while (this.#next < to) {
      const at = this.#next++;
      // Within the array's length, so the element is there.
      output.collect(this.#values[at] as T, NO_TIMESTAMP, this.firstPosition + at);
    }
    return to - from;
  }

  skip(recordsMax: number): number {
    const from = this.#next;
    this.#next = Math.min(this.#values.length, from + recordsMax);
    return this.#next - from;
  }
}
