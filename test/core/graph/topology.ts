import type { Sink } from "../../../core/connector/sink.ts";
import type { Source } from "../../../core/connector/source.ts";
import { buildProgram } from "../../../core/graph/build-program.ts";
import type { ResolvedSettings } from "../../../core/graph/resolved-settings.ts";
import type { Transformation, TransformationInput } from "../../../core/graph/transformation.ts";
import type { Partitioning } from "../../../core/plan/plan.ts";
import type { Program } from "../../../core/runtime/program.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type Options = Partial<Mutable<Transformation>>;

interface From {
  readonly partitioning?: Partitioning | null;
  readonly sideOutput?: string;
  readonly input?: 0 | 1;
}

/** Describes jobs for the planner without the fluent API and without functions that do anything. */
export class Topology {
  readonly transformations: Transformation[] = [];

  source(name: string, options: Options & { replayable?: boolean } = {}): Transformation {
    const { replayable = true, ...rest } = options;
    return this.#add([], {
      kind: "source",
      name,
      implementation: {
        kind: "source",
        source: fakeSource(name, replayable),
        watermarks: noWatermarks,
      },
      ...rest,
    });
  }

  operator(
    kind: string,
    inputs: Transformation | readonly TransformationInput[],
    options: Options = {},
  ): Transformation {
    const list = Array.isArray(inputs) ? inputs : [this.from(inputs as Transformation)];
    return this.#add(list, { kind, ...options });
  }

  sink(
    from: Transformation | readonly TransformationInput[],
    options: Options & { guarantee?: Sink<unknown>["guarantee"] } = {},
  ): Transformation {
    const { guarantee = "none", ...rest } = options;
    const implementation = { kind: "sink", sink: fakeSink(guarantee) } as const;
    return this.operator("sink", from, { implementation, ...rest });
  }

  from(from: Transformation, how: From = {}): TransformationInput {
    return {
      from,
      partitioning: how.partitioning ?? null,
      sideOutput: how.sideOutput ?? null,
      input: how.input ?? 0,
    };
  }

  program(overrides: Partial<ResolvedSettings> = {}, deadLetters?: Transformation): Program {
    return buildProgram({
      job: "test",
      transformations: this.transformations,
      settings: { ...settings, ...overrides },
      deadLetters: deadLetters ?? null,
    });
  }

  #add(
    inputs: readonly TransformationInput[],
    options: Options & { kind: string },
  ): Transformation {
    const transformation: Transformation = {
      id: this.transformations.length,
      name: options.name ?? options.kind,
      uid: null,
      parallelism: null,
      maxParallelism: null,
      slotSharingGroup: null,
      chaining: "always",
      bufferTimeoutMs: null,
      keyed: false,
      inputs,
      config: {},
      watermarkSteps: null,
      implementation: operatorImplementation(),
      ...options,
    };
    this.transformations.push(transformation);
    return transformation;
  }
}

export const settings: ResolvedSettings = {
  parallelism: 1,
  maxParallelism: null,
  execution: {
    bufferTimeoutMs: 100,
    checkpointing: {
      intervalMs: 10_000,
      timeoutMs: 600_000,
      minPauseMs: 0,
      maxConcurrent: 1,
      tolerableFailures: 0,
      retained: 2,
    },
    restart: { kind: "none" },
    strict: false,
  },
  values: [
    { name: "parallelism", value: "1", origin: "default", scope: "job" },
    { name: "checkpointing", value: "true", origin: "default", scope: "job" },
  ],
};

export function withoutCheckpointing(): ResolvedSettings {
  return {
    ...settings,
    values: [{ name: "checkpointing", value: "false", origin: "job", scope: "job" }],
  };
}

export function operatorImplementation(
  ...names: readonly string[]
): Extract<Transformation["implementation"], { kind: "operator" }> {
  return {
    kind: "operator",
    create: () => {
      throw new Error("a plan runs nothing");
    },
    keys: [null, null],
    states: names.map((name) => ({ kind: "value", name })),
  };
}

const noWatermarks = {
  describe: "none",
  createGenerator: null,
  timestamp: null,
  idlenessMs: null,
} as const;

function unused(): never {
  throw new Error("a plan runs nothing");
}

function fakeSource(describe: string, replayable: boolean): Source<unknown> {
  return {
    describe,
    boundedness: "bounded",
    replayable,
    createEnumerator: unused,
    createReader: unused,
    splitId: unused,
  };
}

function fakeSink(guarantee: Sink<unknown>["guarantee"]): Sink<unknown> {
  return { describe: "sink", guarantee, createWriter: unused };
}
