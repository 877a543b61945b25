import type { SubtaskState } from "../checkpoint/snapshot.ts";
import { toBytes } from "../record/index.ts";
import type { StreamTask } from "../runtime/stream-task.ts";
import { ACKNOWLEDGEMENT_SECTION, encodeAcknowledgement, memberOf } from "./acknowledgement-set.ts";
import { broken } from "./canaries.ts";
import { HELD_SECTION, type HeldInput } from "./held-input.ts";
import { COORDINATOR_PEER } from "./job-topology.ts";
import { KeyedFiles, type KeyedSnapshot } from "./keyed-files.ts";
import { savepointFolderOf } from "./object-keys.ts";
import { type SectionChange, clearSection, sameBytes } from "./sections.ts";
import type { StagedOutput } from "./staged-output.ts";
import type { TaskMemory } from "./task-memory.ts";
import { MEMORY_SECTION, PROGRESS_SECTION, operatorSection } from "./task-sections.ts";
import type { TaskUnitOptions } from "./task-unit.ts";
import type { OutputRouter, TurnWork } from "./turn-work.ts";
import type { UnitResult } from "./unit.ts";

/** A cut of this turn: what goes into its acknowledgement. */
interface CutSnapshot {
  readonly checkpoint: number;
  readonly operators: ReturnType<StreamTask["cut"]>["snapshot"]["operators"];
  /** By uid: whole files below the savepoint's folder; empty for a checkpoint. */
  readonly savepoint: ReturnType<KeyedFiles["savepoint"]>;
}

type Segments = readonly { readonly uid: string; readonly bytes: Uint8Array }[];

/**
 * The end of a task's turn: cuts, and collects everything that has to be committed.
 *
 *   TE1  the snapshot of a cut has no held-back output (I-HBCUT) and no held-back input (I-CUT)
 *   TE2  a cut is acknowledged once: by a control of its turn, or by the section "ack" of its entry
 *        and an effect that tells of the entry (AS1)
 *   TE3  a section is written only if it changed; a base entry is written at a cut, or when many
 *        entries or bytes lie behind the last one
 */
export class TaskCommit {
  readonly #options: TaskUnitOptions;
  readonly #task: StreamTask;
  readonly #memory: TaskMemory;
  readonly #staged: StagedOutput;
  readonly #held: HeldInput;
  readonly #router: OutputRouter;
  readonly #revisions: Map<string, number>;
  #version: number;
  #entriesSinceBase: number;

  constructor(
    options: TaskUnitOptions,
    parts: {
      readonly staged: StagedOutput;
      readonly held: HeldInput;
      readonly router: OutputRouter;
    },
    entriesSinceBase: number,
  ) {
    this.#options = options;
    this.#task = options.task;
    this.#memory = options.memory;
    this.#staged = parts.staged;
    this.#held = parts.held;
    this.#router = parts.router;
    this.#revisions = new Map(options.revisions);
    this.#version = options.version;
    this.#entriesSinceBase = entriesSinceBase;
  }

  /** `pending`: whether work is left that needs no message, asked when everything else is done. */
  async finish(commitId: string, work: TurnWork, pending: () => boolean): Promise<UnitResult> {
    const changes: SectionChange[] = [];
    const version = this.#version + 1;
    this.#staged.collect(changes, work.effects);
    await this.#staged.preCommit(
      commitId,
      work.cut,
      this.#memory.lastCheckpoint,
      changes,
      work.effects,
    );
    let checkpointed: CutSnapshot | null = null;
    if (work.cut > 0) await this.#task.flush(work.cut);
    if (work.cut > 0) checkpointed = this.#cut(work.cut, commitId, work);
    else this.#prepareCommit();
    const segments = this.#segments(checkpointed);
    changes.push(...KeyedFiles.changes(segments));
    const snapshot = this.#snapshot(segments, version, commitId, work.cut);
    if (checkpointed !== null && snapshot !== null) {
      this.#acknowledge(checkpointed, snapshot, changes, work);
    } else if (this.#options.sections.single(ACKNOWLEDGEMENT_SECTION) !== null) {
      changes.push(clearSection(ACKNOWLEDGEMENT_SECTION));
    }
    this.#options.heldBack.collect(
      changes,
      work.ran ? this.#router.leaving(work) : null,
      snapshot !== null,
    );
    this.#announceEnd(work);
    this.#sectionChanges(changes);
    for (const uid of snapshot?.written ?? []) changes.push(clearSection(KeyedFiles.section(uid)));
    this.#options.sections.apply(changes);
    this.#version = version;
    this.#entriesSinceBase = snapshot === null ? this.#entriesSinceBase + 1 : 0;
    if (snapshot !== null) this.#options.keyed.committed(snapshot.files);
    return {
      changes,
      effects: work.effects,
      outputs: work.outputs,
      controls: work.controls,
      wakeUp: work.wakeUp,
      keepsWake: !work.ran,
      pending: pending() || (work.cut > 0 && this.#mayPollAgain(work)),
      heldFrom: broken("held-consumed") ? new Map() : this.#held.oldest(),
      active: work.active,
      cut: work.cut,
      files: snapshot?.files ?? null,
      objects: [...(snapshot?.objects ?? []), ...(checkpointed?.savepoint.values() ?? [])],
    };
  }

  /** After a cut a source that was not polled may have something, or be woken for nothing. */
  #mayPollAgain(work: TurnWork): boolean {
    if (this.#task.source === null || this.#task.ended || this.#memory.stopped) return false;
    return work.wakeTaken;
  }

  #prepareCommit(): void {
    for (const { operator } of this.#task.operators) {
      operator?.prepareSnapshot(this.#memory.lastCheckpoint + 1);
    }
  }

  #cut(checkpoint: number, commitId: string, work: TurnWork): CutSnapshot {
    const cutsSavepoint = this.#task.barrier.savepoint ?? false;
    const stops = this.#task.barrier.stop === true && checkpoint > this.#memory.failedStop;
    if (stops) this.#memory.stopped = true;
    const { topology, runId, keyed } = this.#options;
    const { outputs, snapshot } = this.#task.cut(checkpoint, () => false);
    this.#router.route(outputs, work);
    this.#memory.lastCheckpoint = checkpoint;
    const folder = savepointFolderOf(topology.job, checkpoint, runId);
    return {
      checkpoint,
      operators: snapshot.operators,
      savepoint: cutsSavepoint
        ? keyed.savepoint(this.#task.operators, folder, commitId)
        : new Map(),
    };
  }

  /** What changed in keyed state since the last turn. */
  #segments(checkpointed: CutSnapshot | null): Segments {
    const segments: { readonly uid: string; readonly bytes: Uint8Array }[] = [];
    for (const { node, state } of this.#task.operators) {
      const cut = checkpointed?.operators.find(({ uid }) => uid === node.uid)?.keyed ?? null;
      const bytes = checkpointed === null ? (state?.turnSegment() ?? null) : (cut?.bytes ?? null);
      if (bytes !== null) segments.push({ uid: node.uid, bytes });
    }
    return segments;
  }

  /** Files for a base entry, at a cut or when much has changed; null: no base entry. */
  #snapshot(
    segments: Segments,
    version: number,
    commitId: string,
    cut: number,
  ): KeyedSnapshot | null {
    const { keyed, sections } = this.#options;
    if (cut === 0 && !keyed.isDue(sections, this.#entriesSinceBase)) return null;
    const all = (uid: string): readonly Uint8Array[] => [
      ...sections.list(KeyedFiles.section(uid)),
      ...segments.filter((each) => each.uid === uid).map(({ bytes }) => bytes),
    ];
    return keyed.snapshot(this.#task.operators, all, version, commitId, cut);
  }

  /** TE2. */
  #acknowledge(
    checkpointed: CutSnapshot,
    snapshot: KeyedSnapshot,
    changes: SectionChange[],
    work: TurnWork,
  ): void {
    const operators = checkpointed.operators.map(
      ({ uid, operatorState }): readonly [string, SubtaskState] => {
        const saved = checkpointed.savepoint.get(uid);
        const own = snapshot.files.find((each) => each.uid === uid)?.own ?? [];
        const keyedFiles = saved === undefined ? own : [saved.ref];
        return [uid, { keyedFiles, operatorState }];
      },
    );
    const { checkpoint } = checkpointed;
    const version = this.#version + 1;
    const { acknowledging } = this.#options;
    if (acknowledging !== null) {
      const { place, count } = acknowledging;
      const bytes = encodeAcknowledgement(operators);
      changes.push({ name: ACKNOWLEDGEMENT_SECTION, mode: "replace", bytes });
      const member = memberOf({ place, version });
      work.effects.push({ kind: "acknowledge", checkpoint, member, count });
      return;
    }
    work.controls.push({
      to: COORDINATOR_PEER,
      control: { kind: "ack", checkpoint, version, operators },
    });
  }

  #announceEnd(work: TurnWork): void {
    const { splitWanted, splitRequested, noMoreSplits } = this.#memory;
    if (splitWanted && !splitRequested && !noMoreSplits) {
      this.#memory.splitRequested = true;
      work.controls.push({ to: COORDINATOR_PEER, control: { kind: "request-split" } });
    }
    this.#memory.splitWanted = false;
    if (!this.#task.ended || this.#memory.finished) return;
    this.#memory.finished = true;
    const accumulators = this.#memory.accumulators();
    work.controls.push({ to: COORDINATOR_PEER, control: { kind: "finished", accumulators } });
  }

  #sectionChanges(changes: SectionChange[]): void {
    const { sections } = this.#options;
    const replace = (name: string, bytes: Uint8Array): void => {
      if (!sameBytes(bytes, sections.single(name))) changes.push({ name, mode: "replace", bytes });
    };
    replace(PROGRESS_SECTION, toBytes(this.#task.capture(this.#memory.lastCheckpoint + 1)));
    replace(MEMORY_SECTION, this.#memory.encode());
    const held = this.#held.takeChange();
    if (held !== null) changes.push({ name: HELD_SECTION, mode: "replace", bytes: held });
    for (const { node, operatorState } of this.#task.operators) {
      if (this.#revisions.get(node.uid) === operatorState.revision) continue;
      this.#revisions.set(node.uid, operatorState.revision);
      replace(operatorSection(node.uid), toBytes(operatorState.snapshot()));
    }
  }
}
