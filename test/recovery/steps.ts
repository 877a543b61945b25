/** The kinds of moments in which a process is killed. */
export const stepKinds = ["mid-file", "barrier", "pre-commit", "metadata", "rename"] as const;
export type StepKind = (typeof stepKinds)[number];

export interface ProcessOptions {
  readonly input: string;
  readonly output: string;
  readonly checkpointDir: string;
  readonly bound: string;
  readonly parallelism: number;
  readonly intervalMs: number;
  readonly from: string | null;
  /** SIGKILL in the `k`-th step of the kind after so many completed checkpoints of this process. */
  readonly kill: Kill | null;
}

export interface Kill {
  readonly kind: StepKind;
  readonly k: number;
  readonly afterCheckpoints: number;
}

export type ProcessReport =
  | { readonly kind: "started"; readonly restoredFrom: number | null }
  | { readonly kind: "killed"; readonly step: string; readonly completed: number }
  | {
      readonly kind: "finished";
      readonly records: number;
      readonly checkpoints: number;
      readonly durationMs: number;
      /** Steps of each kind that were seen. */
      readonly counts: Readonly<Record<StepKind, number>>;
    };

const KINDS: Readonly<Record<string, StepKind>> = {
  read: "mid-file",
  barrier: "barrier",
  "pre-commit": "pre-commit",
  metadata: "metadata",
  "before-rename": "rename",
  "after-rename": "rename",
};

/** The kind of a progress step such as `metadata 7`, or null for one in which nobody is killed. */
export function kindOf(step: string): StepKind | null {
  return KINDS[step.slice(0, step.indexOf(" "))] ?? null;
}
