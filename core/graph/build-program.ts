import type { Program } from "../runtime/program.ts";
import type { ResolvedSettings } from "./resolved-settings.ts";
import type { Transformation } from "./transformation.ts";

export interface BuildProgramInput {
  /** The job's name. */
  readonly job: string;
  /** In order of creation: what feeds a transformation comes before it. */
  readonly transformations: readonly Transformation[];
  readonly settings: ResolvedSettings;
  /** The sink that takes dead letters, one of `transformations` and without inputs; null: none. */
  readonly deadLetters?: Transformation | null;
}

/** Plans a job: transformations -> stream graph -> job graph -> execution graph. */
export declare function buildProgram(input: BuildProgramInput): Program;
