import type { InputGateState } from "./input-gate.ts";
import type { HeldChannel, HeldOutput, ResultPartitionState } from "./result-partition.ts";
import type { SourceProgress } from "./source-driver.ts";

/**
 * What a task knows beside its state and must not lose between two turns in different processes, as
 * a value of the codec. A checkpoint has none of it: after a restore watermarks begin at MIN.
 */
export interface TaskProgress {
  /** The watermark whose timers have not all fired; null: none. */
  readonly pendingAdvance: number | null;
  /** The watermark that reached the operators. */
  readonly watermark: number;
  readonly idle: boolean;
  readonly ended: boolean;
  readonly gate: InputGateState | null;
  readonly source: SourceProgress | null;
  /** The watermark of the timer service; null: no timers. */
  readonly timers: number | null;
  readonly partitions: readonly ResultPartitionState[];
  /** By place in the chain, as `Operator.captureProgress` gave it; null: nothing. */
  readonly operators: readonly unknown[];
}

/** Output of one edge that is held back for one target. */
export interface HeldEdgeOutput extends HeldOutput {
  readonly edge: number;
}

/** Which output of one edge is held back for one target. */
export interface HeldEdgeChannel extends HeldChannel {
  readonly edge: number;
}
