import { assert } from "../assert.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../timestamp.ts";

export interface WatermarkCombinerState {
  readonly watermarks: readonly number[];
  readonly status: readonly number[];
  readonly current: number;
}

/**
 * The watermark of a task with several input channels (semantics 11).
 *
 *   W1  `current` never goes back
 *   W2  only aligned inputs count: active ones whose watermark is not behind `current`, or was not
 *       since they became active; the others are left out until they have caught up
 *   W3  when the last active input becomes idle, `current` first rises to the greatest watermark
 *       seen, so that it does not depend on the order in which the inputs became idle
 *   W4  a watermark of an idle input is ignored, except MAX: the end of event time is no guess,
 *       and makes the input active
 *   W5  a finished input is one that sent MAX: it stays active, aligned and above all others. One
 *       that ended without it (a stop without drain) stays where it was, so that nothing fires
 */
export class WatermarkCombiner {
  readonly #watermarks: Float64Array;
  readonly #status: Uint8Array;
  #current: number;
  /** How many inputs are not idle. */
  #active: number;

  /** All inputs are active and at MIN. */
  constructor(inputs: number) {
    assert(Number.isInteger(inputs) && inputs >= 0, `a combiner of ${inputs} inputs`);
    this.#watermarks = new Float64Array(inputs).fill(MIN_WATERMARK);
    this.#status = new Uint8Array(inputs).fill(ALIGNED);
    this.#current = MIN_WATERMARK;
    this.#active = inputs;
  }

  /** The combined watermark. */
  get current(): number {
    return this.#current;
  }

  /** Whether all inputs are idle (and there is one). */
  get idle(): boolean {
    return this.#active === 0 && this.#status.length > 0;
  }

  /** Takes the watermark of an input; true when `current` rose. */
  update(input: number, watermark: number): boolean {
    if (this.#statusOf(input) === IDLE) {
      if (watermark < MAX_WATERMARK) return false;
      this.#activate(input);
    }
    if (watermark <= this.#watermarkOf(input)) return false;
    this.#watermarks[input] = watermark;
    if (watermark >= this.#current) this.#status[input] = ALIGNED;
    return this.#raise(this.#minimum());
  }

  /**
   * Takes the status of an input; true when `current` rose, which it may when an input becomes
   * idle (W3). Read `idle` afterwards: a rise is to be forwarded before the status.
   */
  setIdle(input: number, idle: boolean): boolean {
    if ((this.#statusOf(input) === IDLE) === idle) return false;
    if (!idle) {
      this.#activate(input);
      return false;
    }
    this.#status[input] = IDLE;
    this.#active -= 1;
    if (this.#active === 0) return this.#raise(this.#maximum());
    return this.#watermarkOf(input) === this.#current && this.#raise(this.#minimum());
  }

  /** Everything, as a value of the codec; for a host that keeps it over turns. */
  capture(): WatermarkCombinerState {
    return {
      watermarks: [...this.#watermarks],
      status: [...this.#status],
      current: this.#current,
    };
  }

  /** Goes on where `capture` was called. */
  resume({ watermarks, status, current }: WatermarkCombinerState): void {
    assert(watermarks.length === this.#watermarks.length, "a combiner resumes with its inputs");
    this.#watermarks.set(watermarks);
    this.#status.set(status);
    this.#current = current;
    this.#active = status.filter((each) => each !== IDLE).length;
  }

  #activate(input: number): void {
    this.#active += 1;
    this.#status[input] = this.#watermarkOf(input) >= this.#current ? ALIGNED : CATCHING_UP;
  }

  #raise(watermark: number): boolean {
    if (watermark <= this.#current) return false;
    this.#current = watermark;
    return true;
  }

  /** Over aligned inputs; MIN when there is none, which raises nothing. */
  #minimum(): number {
    let minimum = Infinity;
    for (let input = 0; input < this.#status.length; input++) {
      if (this.#statusOf(input) !== ALIGNED) continue;
      const watermark = this.#watermarkOf(input);
      if (watermark < minimum) minimum = watermark;
    }
    return minimum === Infinity ? MIN_WATERMARK : minimum;
  }

  #maximum(): number {
    let maximum = MIN_WATERMARK;
    for (let input = 0; input < this.#status.length; input++) {
      maximum = Math.max(maximum, this.#watermarkOf(input));
    }
    return maximum;
  }

  #statusOf(input: number): number {
    const status = this.#status[input];
    assert(status !== undefined, `a combiner has no input ${input}`);
    return status;
  }

  #watermarkOf(input: number): number {
    return this.#watermarks[input] ?? MIN_WATERMARK;
  }
}

const ALIGNED = 0;
const CATCHING_UP = 1;
const IDLE = 2;
