import { RestoreError } from "../errors.ts";
import type { OperatorNode } from "../plan/plan.ts";
import { keyGroupRange } from "../record/index.ts";
import { redistributeOperatorState } from "../state/index.ts";
import type {
  CheckpointMetadata,
  KeyedFileRef,
  OperatorStateEntry,
  OperatorStateSnapshot,
} from "./snapshot.ts";

export interface RestorePlan {
  readonly checkpoint: number;
  /** Operators that get something back, by uid. */
  readonly operators: ReadonlyMap<string, OperatorRestorePlan>;
}

export interface OperatorRestorePlan {
  readonly uid: string;
  readonly coordinator: { readonly state: unknown } | null;
  /** By new subtask. */
  readonly subtasks: readonly SubtaskRestorePlan[];
  /** Same parallelism: each subtask's keyed files are exactly those of the old one. */
  readonly sameKeyGroups: boolean;
}

export interface SubtaskRestorePlan {
  /** Files of each old subtask whose key groups overlap: base first, then segments. */
  readonly keyed: readonly (readonly KeyedFileRef[])[];
  readonly operatorState: OperatorStateSnapshot;
}

export interface RestoreOptions {
  /** Drops state of operators that the job no longer has. */
  readonly allowNonRestoredState: boolean;
}

/**
 * Who gets what of a checkpoint. State is matched by uid, keyed state by key group; a RestoreError
 * names everything that does not fit (semantics 18 and 26).
 */
export function planRestore(
  metadata: CheckpointMetadata,
  operators: readonly OperatorNode[],
  options: RestoreOptions,
): RestorePlan {
  const nodes = new Map(operators.map((operator) => [operator.uid, operator]));
  const unmatched = metadata.operators.filter((entry) => hasState(entry) && !nodes.has(entry.uid));
  if (unmatched.length > 0 && !options.allowNonRestoredState) {
    throw unmatchedState(metadata, unmatched, operators);
  }
  const plans = new Map<string, OperatorRestorePlan>();
  for (const entry of metadata.operators) {
    const node = nodes.get(entry.uid);
    if (node === undefined || !hasState(entry)) continue;
    check(metadata, entry, node, options);
    plans.set(entry.uid, planOperator(entry, node));
  }
  return { checkpoint: metadata.checkpoint, operators: plans };
}

function planOperator(entry: OperatorStateEntry, node: OperatorNode): OperatorRestorePlan {
  const { uid, coordinator } = entry;
  const states = redistributeOperatorState(
    entry.subtasks.map(({ operatorState }) => operatorState),
    node.parallelism,
  );
  const subtasks = states.map((operatorState, subtask) => ({
    keyed: node.keyed ? overlapping(entry, node, subtask) : [],
    operatorState,
  }));
  const sameKeyGroups = entry.parallelism === node.parallelism;
  return { uid, coordinator, subtasks, sameKeyGroups };
}

/** The files of every old subtask that had one of the new subtask's key groups. */
function overlapping(
  entry: OperatorStateEntry,
  node: OperatorNode,
  subtask: number,
): readonly (readonly KeyedFileRef[])[] {
  const wanted = keyGroupRange(subtask, node.parallelism, node.maxParallelism);
  return entry.subtasks
    .filter(({ keyedFiles }, old) => {
      const had = keyGroupRange(old, entry.parallelism, entry.maxParallelism);
      return keyedFiles.length > 0 && had.first <= wanted.last && wanted.first <= had.last;
    })
    .map(({ keyedFiles }) => keyedFiles);
}

function check(
  metadata: CheckpointMetadata,
  entry: OperatorStateEntry,
  node: OperatorNode,
  options: RestoreOptions,
): void {
  if (!hasKeyedState(entry)) return;
  const where = { job: metadata.job, operator: entry.uid, checkpoint: metadata.checkpoint };
  if (!node.keyed) {
    if (options.allowNonRestoredState) return;
    throw new RestoreError(
      `the checkpoint has keyed state, but the operator (${node.kind}) has no key`,
      {
        code: "RESTORE_NOT_KEYED",
        where,
        hint: `give the operator another uid, or allow the loss of ${names(entry)} with --allow-non-restored-state`,
      },
    );
  }
  if (node.maxParallelism !== entry.maxParallelism) {
    throw new RestoreError(
      `max parallelism is ${node.maxParallelism}, but the checkpoint was taken with ${entry.maxParallelism}`,
      {
        code: "RESTORE_MAX_PARALLELISM",
        where,
        hint: `set maxParallelism to ${entry.maxParallelism}: it is fixed by the first run`,
      },
    );
  }
  checkKinds(where, entry, node);
}

/** A state that keeps its name keeps its kind; versions are the state backend's concern. */
function checkKinds(
  where: { readonly job: string; readonly operator: string; readonly checkpoint: number },
  entry: OperatorStateEntry,
  node: OperatorNode,
): void {
  for (const { name, kind } of node.states) {
    const old = entry.states.find((state) => state.name === name);
    if (old === undefined || old.kind === kind) continue;
    throw new RestoreError(
      `state ${name} is declared as ${kind}, but was ${old.kind} in the checkpoint`,
      {
        code: "RESTORE_STATE_KIND",
        where,
        hint: `declare it as ${old.kind} again, or give the new state another name`,
      },
    );
  }
}

function unmatchedState(
  metadata: CheckpointMetadata,
  unmatched: readonly OperatorStateEntry[],
  operators: readonly OperatorNode[],
): RestoreError {
  const lost = unmatched.map((entry) =>
    entry.name === entry.uid ? entry.uid : `${entry.uid} (${entry.name})`,
  );
  const known = new Set(metadata.operators.map(({ uid }) => uid));
  const fresh = operators.map(({ uid }) => uid).filter((uid) => !known.has(uid));
  const renamed = fresh.length === 0 ? "" : ` (new in the job: ${fresh.join(", ")})`;
  return new RestoreError(
    `the checkpoint has state of operators that the job does not have: ${lost.join(", ")}`,
    {
      code: "RESTORE_UNMATCHED_STATE",
      where: { job: metadata.job, checkpoint: metadata.checkpoint },
      hint: `give the operators their old uid again${renamed}, or allow the loss with --allow-non-restored-state`,
    },
  );
}

function names(entry: OperatorStateEntry): string {
  return entry.states.map(({ name }) => name).join(", ") || "its state";
}

/** Coordinator state alone counts too (semantics 26). */
function hasState(entry: OperatorStateEntry): boolean {
  if (entry.coordinator !== null || hasKeyedState(entry)) return true;
  return entry.subtasks.some(({ operatorState }) => {
    const { lists, unions, broadcasts } = operatorState;
    return [lists, unions, broadcasts].some((kind) =>
      Object.values(kind).some((values) => values.length > 0),
    );
  });
}

function hasKeyedState(entry: OperatorStateEntry): boolean {
  return entry.subtasks.some(({ keyedFiles }) => keyedFiles.length > 0);
}
