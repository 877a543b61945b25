/**
 * What travels in a channel between two tasks.
 *
 * Timestamps stand beside the values, not in them: `timestamps[i]` belongs to `values[i]`, and
 * NO_TIMESTAMP means that the record has none.
 */
export interface RecordBatch {
  readonly kind: "records";
  readonly values: unknown[];
  readonly timestamps: number[];
}

/** No element with a timestamp at or below this comes any more on the channel (but late ones). */
export interface WatermarkElement {
  readonly kind: "watermark";
  readonly timestamp: number;
}

/** An idle channel is left out of the minimum over the inputs until it is active again. */
export interface StatusElement {
  readonly kind: "status";
  readonly idle: boolean;
}

/** The cut of one checkpoint: what is before it belongs to the checkpoint, what is behind does not. */
export interface BarrierElement {
  readonly kind: "barrier";
  readonly checkpoint: number;
  /** The checkpoint is a savepoint: every subtask writes its whole state. */
  readonly savepoint?: true;
  /** The job stops behind this savepoint: nothing happens by itself any more. */
  readonly stop?: true;
}

/** No record or watermark follows; barriers still do (a finished task forwards them). */
export interface EndOfInputElement {
  readonly kind: "end";
}

export type StreamElement =
  RecordBatch | WatermarkElement | StatusElement | BarrierElement | EndOfInputElement;
