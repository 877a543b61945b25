import { randomBytes } from "node:crypto";
import {
  type Acknowledgement,
  type CheckpointKind,
  type CheckpointMetadata,
  type CheckpointStorage,
  KeyedFileChains,
  type KeyedFileRef,
  type OperatorSnapshot,
  type OperatorStateSnapshot,
  type RestorePlan,
  type SubtaskAcknowledgement,
  type SubtaskSnapshot,
  type SubtaskState,
  assembleOperators,
  keyedFileRef,
  planRestore,
} from "../../core/checkpoint/index.ts";
import { assert } from "../../core/assert.ts";
import type { Program } from "../../core/runtime/program.ts";
import { COMMITTABLES } from "../../core/runtime/sink-operator.ts";
import { SPLITS } from "../../core/runtime/source-driver.ts";
import type { OperatorRestore } from "../../core/runtime/task-environment.ts";
import type { ExecutionRestore } from "./execution.ts";

/** A checkpoint to start from, and the storage that its files lie in. */
export interface RestoreSource {
  readonly metadata: CheckpointMetadata;
  readonly storage: CheckpointStorage;
}

export interface JobCheckpointsOptions {
  readonly program: Program;
  readonly codeHash: string;
  readonly runId: string;
  readonly storage: CheckpointStorage;
  readonly allowNonRestoredState: boolean;
  /** Of this attempt, 0 for none. */
  readonly restore: RestoreSource | null;
}

/**
 * The checkpoints of one attempt between its tasks and the storage: what goes into a checkpoint,
 * and what comes back out of one.
 *
 *   JC1  a subtask acknowledges only when all keyed files that its snapshot names are durable, also
 *        those of an earlier checkpoint that was given up while they were being written
 *   JC2  the enumerators' states of a checkpoint are those of its trigger
 */
export class JobCheckpoints {
  readonly #options: JobCheckpointsOptions;
  readonly #chains = new KeyedFileChains();
  readonly #suffix = randomBytes(4).toString("hex");
  readonly #pending = new Map<number, Pending>();
  /** Files that are being written, or could not be, by key. */
  readonly #writes = new Map<string, Promise<void>>();
  readonly #plan: RestorePlan | null;

  constructor(options: JobCheckpointsOptions) {
    this.#options = options;
    const { restore, program, allowNonRestoredState } = options;
    this.#plan =
      restore === null
        ? null
        : planRestore(restore.metadata, program.plan.streamGraph.operators, {
            allowNonRestoredState,
          });
    this.#continueChains();
  }

  /** Chains go on only in the storage that the checkpoint lies in, and only with the same key groups. */
  #continueChains(): void {
    const { restore, storage } = this.#options;
    if (restore === null || restore.storage !== storage) return;
    if (restore.metadata.kind === "savepoint") return;
    for (const { uid, sameKeyGroups, subtasks } of this.#plan?.operators.values() ?? []) {
      if (!sameKeyGroups) continue;
      subtasks.forEach(({ keyed }, subtask) => {
        const [files] = keyed;
        if (files !== undefined && keyed.length === 1) this.#chains.continue(uid, subtask, files);
      });
    }
  }

  /** Pre-committed output of a sink in the restored checkpoint. */
  committables(uid: string): readonly unknown[] {
    return committablesOf(this.#plan?.operators.get(uid)?.subtasks ?? []);
  }

  /** Reads everything that the tasks get back; null on a fresh start. */
  async restore(): Promise<ExecutionRestore | null> {
    const plan = this.#plan;
    if (plan === null) return null;
    const operators = new Map<string, readonly OperatorRestore[]>();
    for (const [uid, { subtasks }] of plan.operators) {
      const parts: OperatorRestore[] = [];
      for (const { keyed, operatorState } of subtasks) {
        parts.push({ keyed: await this.#readFiles(keyed), changes: [], operatorState });
      }
      operators.set(uid, parts);
    }
    return {
      checkpoint: plan.checkpoint,
      operator: (uid, subtask) => operators.get(uid)?.[subtask] ?? null,
      enumerator: (uid) => plan.operators.get(uid)?.coordinator ?? null,
      splits: (uid) =>
        (plan.operators.get(uid)?.subtasks ?? []).flatMap(
          ({ operatorState }) => operatorState.lists[SPLITS] ?? [],
        ),
    };
  }

  async #readFiles(
    keyed: readonly (readonly KeyedFileRef[])[],
  ): Promise<readonly (readonly Uint8Array[])[]> {
    const { restore } = this.#options;
    assert(restore !== null, "files are read for a restore only");
    const read: Uint8Array[][] = [];
    for (const files of keyed) {
      const parts: Uint8Array[] = [];
      for (const file of files) parts.push(await restore.storage.readKeyedPart(file));
      read.push(parts);
    }
    return read;
  }

  /** The barriers of a checkpoint start (JC2). */
  begin(
    checkpoint: number,
    type: CheckpointKind,
    coordinators: ReadonlyMap<string, unknown>,
  ): void {
    this.#pending.set(checkpoint, { type, coordinators, bytes: 0 });
  }

  /** Whether an operator must write its whole state at this cut. */
  full(checkpoint: number, uid: string, subtask: number): boolean {
    return this.#pendingOf(checkpoint).type === "savepoint" || this.#chains.needsBase(uid, subtask);
  }

  /** Makes a subtask's snapshot durable (JC1); what it resolves with is its acknowledgement. */
  async write(checkpoint: number, snapshot: SubtaskSnapshot): Promise<SubtaskAcknowledgement> {
    const pending = this.#pendingOf(checkpoint);
    const operators = new Map<string, SubtaskState>();
    const writes = snapshot.operators.map((operator) => {
      const { state, written } = this.#writeOperator(
        checkpoint,
        pending,
        snapshot.subtask,
        operator,
      );
      operators.set(operator.uid, state);
      return written;
    });
    await Promise.all(writes);
    return { subtask: snapshot.subtask, operators };
  }

  #writeOperator(
    checkpoint: number,
    pending: Pending,
    subtask: number,
    { uid, keyed, operatorState }: OperatorSnapshot,
  ): { readonly state: SubtaskState; readonly written: Promise<void> } {
    const savepoint = pending.type === "savepoint";
    if (keyed === null) {
      const keyedFiles = savepoint ? [] : this.#chains.append(uid, subtask, null);
      return { state: { keyedFiles, operatorState }, written: this.#written(keyedFiles) };
    }
    const name = { runId: this.#options.runId, checkpoint, type: pending.type, uid, subtask };
    const ref = keyedFileRef({ ...name, suffix: this.#suffix }, keyed);
    pending.bytes += ref.bytes;
    // A savepoint's base clears what the next segment would hold: the chain begins anew.
    if (savepoint) this.#chains.reset(uid, subtask);
    const keyedFiles = savepoint ? [ref] : this.#chains.append(uid, subtask, ref);
    this.#writes.set(ref.key, this.#writeFile(ref, keyed.bytes, uid, subtask));
    return { state: { keyedFiles, operatorState }, written: this.#written(keyedFiles) };
  }

  async #writeFile(
    ref: KeyedFileRef,
    bytes: Uint8Array,
    uid: string,
    subtask: number,
  ): Promise<void> {
    try {
      await this.#options.storage.writeKeyedPart(ref, bytes);
      this.#writes.delete(ref.key);
    } catch (error) {
      this.#chains.reset(uid, subtask);
      throw error;
    }
  }

  async #written(files: readonly KeyedFileRef[]): Promise<void> {
    await Promise.all(files.map(({ key }) => this.#writes.get(key) ?? Promise.resolve()));
  }

  /** All subtasks acknowledged: publishes `_metadata`. Returns the bytes of keyed state it added. */
  async store(
    checkpoint: number,
    type: CheckpointKind,
    times: { readonly triggeredAt: number; readonly completedAt: number },
    acknowledgements: readonly Acknowledgement<SubtaskAcknowledgement>[],
  ): Promise<number> {
    const { coordinators, bytes } = this.#pendingOf(checkpoint);
    const { program, runId, codeHash, storage } = this.#options;
    const { plan } = program;
    const byVertex = acknowledgements.map(({ snapshot }) => snapshot);
    await storage.store({
      job: plan.job,
      runId,
      checkpoint,
      kind: type,
      ...times,
      generation: 1,
      planHash: plan.planHash,
      codeHash,
      operators: assembleOperators(plan.streamGraph.operators, byVertex, coordinators),
    });
    this.#pending.delete(checkpoint);
    return bytes;
  }

  async abort(checkpoint: number): Promise<void> {
    const pending = this.#pending.get(checkpoint);
    if (pending?.type !== "savepoint") return;
    await this.#options.storage.discardSavepoint(checkpoint, this.#options.runId);
  }

  #pendingOf(checkpoint: number): Pending {
    const pending = this.#pending.get(checkpoint);
    assert(pending !== undefined, `JC2: checkpoint ${checkpoint} was triggered`);
    return pending;
  }
}

/** What a checkpoint holds pre-committed for one sink. */
export function committablesOf(
  subtasks: readonly { readonly operatorState: OperatorStateSnapshot }[],
): readonly unknown[] {
  return subtasks
    .flatMap(({ operatorState }) => operatorState.lists[COMMITTABLES] ?? [])
    .flatMap((epoch) => (epoch as { readonly committables: readonly unknown[] }).committables);
}

interface Pending {
  readonly type: CheckpointKind;
  readonly coordinators: ReadonlyMap<string, unknown>;
  /** Of keyed state written so far. */
  bytes: number;
}
