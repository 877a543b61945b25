import type { Sink } from "../connector/sink.ts";
import type { Source } from "../connector/source.ts";
import type { Plan } from "../plan/plan.ts";
import type { Key } from "../record/key.ts";
import type { StateDescriptor } from "../state/descriptor.ts";
import type { WatermarkStrategy } from "../time/watermark-strategy.ts";
import type { OperatorFactory } from "./operator.ts";

export type KeySelector = (value: never) => Key;

export interface SourceImplementation {
  readonly kind: "source";
  readonly source: Source<unknown>;
  readonly watermarks: WatermarkStrategy<unknown>;
}

export interface OperatorImplementation {
  readonly kind: "operator";
  readonly create: OperatorFactory;
  /** Key selector per input; null for inputs without key. */
  readonly keys: readonly [KeySelector | null, KeySelector | null];
  /** Keyed state known to the plan. */
  readonly states: readonly StateDescriptor[];
}

export interface SinkImplementation {
  readonly kind: "sink";
  readonly sink: Sink<unknown>;
}

export type Implementation = SourceImplementation | OperatorImplementation | SinkImplementation;

/** Settings of a run, after precedence (decision c). Times in milliseconds. */
export interface ExecutionSettings {
  readonly bufferTimeoutMs: number;
  readonly checkpointing: CheckpointSettings;
  readonly restart: RestartSettings;
  /** Decision p: frozen values, every edge and state write round-tripped through the codec. */
  readonly strict: boolean;
}

export interface CheckpointSettings {
  /** Null: no periodic checkpoints (only the last one, and on request). */
  readonly intervalMs: number | null;
  readonly timeoutMs: number;
  readonly minPauseMs: number;
  readonly maxConcurrent: number;
  readonly tolerableFailures: number;
  /** How many completed checkpoints are kept. */
  readonly retained: number;
}

export type RestartSettings =
  | { readonly kind: "none" }
  | { readonly kind: "fixed-delay"; readonly attempts: number; readonly delayMs: number };

/** Everything a host needs to run a job: the plan, and the functions behind its uids. */
export interface Program {
  readonly plan: Plan;
  readonly implementations: ReadonlyMap<string, Implementation>;
  readonly settings: ExecutionSettings;
  /** The uid of the sink that takes dead letters, null when they are off. */
  readonly deadLetters: string | null;
}
