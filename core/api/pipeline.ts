import type { Partitioning, WatermarkSteps } from "../plan/plan.ts";
import type { Transformation, TransformationInput } from "../graph/transformation.ts";
import type { OperatorFactory } from "../runtime/operator.ts";
import type { Implementation, OperatorImplementation } from "../runtime/program.ts";

/** An output that a stream reads, and how its records are spread. */
export interface StreamInput {
  readonly from: Transformation;
  readonly partitioning: Partitioning | null;
  readonly sideOutput: string | null;
}

/** Where the records of a stream come from: more than one input after `union`. */
export interface StreamOrigin {
  readonly pipeline: Pipeline;
  readonly inputs: readonly StreamInput[];
}

/** What a method of the fluent API knows of the operator it adds. */
export interface NewTransformation {
  /** Also its name, until the user gives one. */
  readonly kind: string;
  readonly name?: string;
  readonly keyed?: boolean;
  readonly parallelism?: number;
  readonly inputs: readonly TransformationInput[];
  readonly config?: Readonly<Record<string, string>>;
  /** Default: the operator only passes the watermark on. */
  readonly watermarkSteps?: WatermarkSteps | null;
  readonly implementation: Implementation;
}

/** Every advance of the watermark matters to the operator. */
export const EVERY_WATERMARK: WatermarkSteps = Object.freeze({ kind: "every" });

/** The transformations of one environment, in order of creation. */
export class Pipeline {
  readonly transformations: Transformation[] = [];

  add(added: NewTransformation): Transformation {
    const transformation: Transformation = {
      id: this.transformations.length,
      kind: added.kind,
      name: added.name ?? added.kind,
      uid: null,
      parallelism: added.parallelism ?? null,
      maxParallelism: null,
      slotSharingGroup: null,
      chaining: "always",
      bufferTimeoutMs: null,
      keyed: added.keyed ?? false,
      inputs: added.inputs,
      config: added.config ?? {},
      watermarkSteps: added.watermarkSteps ?? null,
      implementation: added.implementation,
    };
    this.transformations.push(transformation);
    return transformation;
  }
}

/** The inputs of a transformation that reads `origin` on its input `input`. */
export function inputsFrom(origin: StreamOrigin, input: 0 | 1): TransformationInput[] {
  return origin.inputs.map((from) => ({ ...from, input }));
}

/** The same records, spread as asked. */
export function partitioned(origin: StreamOrigin, partitioning: Partitioning): StreamOrigin {
  return {
    pipeline: origin.pipeline,
    inputs: origin.inputs.map((input) => ({ ...input, partitioning })),
  };
}

/** An operator without key and without keyed state. */
export function stateless(create: OperatorFactory): OperatorImplementation {
  return { kind: "operator", create, keys: [null, null], states: [] };
}
