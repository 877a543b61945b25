import type { ChainingStrategy, Partitioning, WatermarkSteps } from "../plan/plan.ts";
import type { Implementation } from "../runtime/program.ts";

/** An edge as the builder knows it. */
export interface TransformationInput {
  readonly from: Transformation;
  /** Null: the user asked for none; forward between equal parallelism, else rebalance, as Flink. */
  readonly partitioning: Partitioning | null;
  /** Name of the side output read; null for the main output. */
  readonly sideOutput: string | null;
  readonly input: 0 | 1;
}

/**
 * An operator as the fluent API describes it, still changeable (`uid`, `setParallelism`, ...).
 * Union, keyBy, rebalance and side outputs are no transformations: they only shape the inputs of
 * the next one.
 */
export interface Transformation {
  /** Order of creation, 0, 1, ... */
  readonly id: number;
  readonly kind: string;
  name: string;
  uid: string | null;
  parallelism: number | null;
  maxParallelism: number | null;
  slotSharingGroup: string | null;
  chaining: ChainingStrategy;
  /** Set on the transformation whose outputs are flushed late or early; null: the job's. */
  bufferTimeoutMs: number | null;
  readonly keyed: boolean;
  readonly inputs: readonly TransformationInput[];
  readonly config: Readonly<Record<string, string>>;
  readonly watermarkSteps: WatermarkSteps | null;
  readonly implementation: Implementation;
}
