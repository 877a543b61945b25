import { assert } from "../assert.ts";
import { WatermarkCombiner, type WatermarkCombinerState } from "../time/watermark-combiner.ts";

export interface InputGateState {
  readonly watermarks: WatermarkCombinerState;
  readonly delivered: readonly number[];
  readonly ended: readonly number[];
  readonly aligning: number;
  readonly lastCheckpoint: number;
}

/**
 * The receiving end of a task: one state per channel.
 *
 *   G1  the combined watermark is the minimum over active channels and never goes back
 *   G2  a channel that delivered barrier n is held back until all channels have (aligned)
 *   G3  a newer barrier ends the alignment of an older one; an older one is ignored (semantics 22)
 *   G4  the gate has ended when all channels have; a channel that ended still delivers barriers
 */
export class InputGate {
  readonly channels: number;
  readonly #watermarks: WatermarkCombiner;
  readonly #delivered: Uint8Array;
  readonly #ended: Uint8Array;
  #deliveredCount = 0;
  #endedCount = 0;
  /** The checkpoint that is being aligned, 0 for none. */
  #aligning = 0;
  #lastCheckpoint: number;

  /** `lastCheckpoint`: the checkpoint the job was restored from, 0 for none. */
  constructor(channels: number, lastCheckpoint: number) {
    this.channels = channels;
    this.#watermarks = new WatermarkCombiner(channels);
    this.#delivered = new Uint8Array(channels);
    this.#ended = new Uint8Array(channels);
    this.#lastCheckpoint = lastCheckpoint;
  }

  get watermark(): number {
    return this.#watermarks.current;
  }

  get idle(): boolean {
    return this.#watermarks.idle;
  }

  get aligning(): boolean {
    return this.#aligning !== 0;
  }

  /** Whether the channel is held back behind its barrier (G2). */
  isBlocked(channel: number): boolean {
    return this.#aligning !== 0 && this.#delivered[channel] === 1;
  }

  /** True when the combined watermark rose (G1). */
  onWatermark(channel: number, timestamp: number): boolean {
    const before = this.#watermarks.current;
    this.#watermarks.update(channel, timestamp);
    assert(this.#watermarks.current >= before, "G1: the combined watermark went back");
    return this.#watermarks.current > before;
  }

  onStatus(channel: number, idle: boolean): void {
    this.#watermarks.setIdle(channel, idle);
  }

  /** The checkpoint number when this barrier completes its alignment, else null (G2, G3). */
  onBarrier(channel: number, checkpoint: number): number | null {
    if (checkpoint <= this.#lastCheckpoint || checkpoint < this.#aligning) return null;
    if (checkpoint > this.#aligning) this.#startAlignment(checkpoint);
    assert(this.#delivered[channel] === 0, "G2: a channel delivered the same barrier twice");
    this.#delivered[channel] = 1;
    this.#deliveredCount += 1;
    if (this.#deliveredCount < this.channels) return null;
    this.#lastCheckpoint = checkpoint;
    this.#aligning = 0;
    return checkpoint;
  }

  /** Everything, as a value of the codec; for a host that keeps it over turns. */
  capture(): InputGateState {
    return {
      watermarks: this.#watermarks.capture(),
      delivered: [...this.#delivered],
      ended: [...this.#ended],
      aligning: this.#aligning,
      lastCheckpoint: this.#lastCheckpoint,
    };
  }

  /** Goes on where `capture` was called. */
  resume(state: InputGateState): void {
    assert(state.ended.length === this.channels, "a gate resumes with its channels");
    this.#watermarks.resume(state.watermarks);
    this.#delivered.set(state.delivered);
    this.#ended.set(state.ended);
    this.#deliveredCount = state.delivered.filter((each) => each === 1).length;
    this.#endedCount = state.ended.filter((each) => each === 1).length;
    this.#aligning = state.aligning;
    this.#lastCheckpoint = state.lastCheckpoint;
  }

  #startAlignment(checkpoint: number): void {
    this.#aligning = checkpoint;
    this.#delivered.fill(0);
    this.#deliveredCount = 0;
  }

  /** True when this was the last channel to end (G4). */
  onEnd(channel: number): boolean {
    assert(this.#ended[channel] === 0, "G4: a channel ended twice");
    this.#ended[channel] = 1;
    this.#endedCount += 1;
    return this.#endedCount === this.channels;
  }
}
