import { assert } from "../assert.ts";
import { MIN_WATERMARK } from "../timestamp.ts";

/** One split's share in the watermark of its source subtask; made by `SplitWatermarks.add`. */
export interface SplitWatermark {
  readonly watermark: number;
  readonly idle: boolean;
}

/**
 * The watermark of a source subtask whose splits come and go.
 *
 *   SW1  `current` is the minimum over the splits that are not idle, and never goes back: a split
 *        that is added later holds it where it is until it has caught up
 *   SW2  when all splits are idle, `current` rises to the greatest of their watermarks
 *   SW3  without a split nothing changes: the next one may be on its way
 */
export class SplitWatermarks {
  readonly #splits: Member[] = [];
  #current: number = MIN_WATERMARK;
  #idle = false;

  /** The combined watermark. */
  get current(): number {
    return this.#current;
  }

  /** Whether all splits are idle; as it was when there is none (SW3). */
  get idle(): boolean {
    return this.#idle;
  }

  /** Adds a split at MIN, active. */
  add(): SplitWatermark {
    const split = new Member();
    this.#splits.push(split);
    this.#idle = false;
    return split;
  }

  /** Takes out a split that is finished; true when `current` rose. */
  remove(split: SplitWatermark): boolean {
    const index = this.#splits.indexOf(split);
    assert(index >= 0, "SW1: a split is removed once");
    this.#splits.splice(index, 1);
    return this.#combine();
  }

  /** Takes a split's watermark, which also makes it active; true when `current` rose. */
  update(split: SplitWatermark, watermark: number): boolean {
    const member = split as Member;
    const held = member.idle || member.watermark <= this.#current;
    member.idle = false;
    if (watermark > member.watermark) member.watermark = watermark;
    return held && this.#combine();
  }

  /** Takes a split's status; true when `current` rose. Read `idle` afterwards. */
  setIdle(split: SplitWatermark, idle: boolean): boolean {
    const member = split as Member;
    if (member.idle === idle) return false;
    member.idle = idle;
    return this.#combine();
  }

  /** The combined watermark and status; the splits' own are captured by who holds them. */
  capture(): { readonly current: number; readonly idle: boolean } {
    return { current: this.#current, idle: this.#idle };
  }

  resume(captured: { readonly current: number; readonly idle: boolean }): void {
    this.#current = captured.current;
    this.#idle = captured.idle;
  }

  /** Adds a split as it was captured. */
  addCaptured(watermark: number, idle: boolean): SplitWatermark {
    const split = new Member();
    split.watermark = watermark;
    split.idle = idle;
    this.#splits.push(split);
    return split;
  }

  #combine(): boolean {
    if (this.#splits.length === 0) return false;
    let minimum = Infinity;
    let maximum = MIN_WATERMARK;
    for (let i = 0; i < this.#splits.length; i++) {
      const split = this.#splits[i] as Member;
      if (split.watermark > maximum) maximum = split.watermark;
      if (!split.idle && split.watermark < minimum) minimum = split.watermark;
    }
    this.#idle = minimum === Infinity;
    const combined = this.#idle ? maximum : minimum;
    if (combined <= this.#current) return false;
    this.#current = combined;
    return true;
  }
}

class Member implements SplitWatermark {
  watermark: number = MIN_WATERMARK;
  idle = false;
}
