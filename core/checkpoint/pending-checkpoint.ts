import type { Acknowledgement, CheckpointKind } from "./checkpoint-event.ts";

export interface PendingCheckpointOptions {
  readonly checkpoint: number;
  readonly type: CheckpointKind;
  readonly request: string | null;
  readonly final: boolean;
  readonly triggeredAt: number;
  /** Names of all subtasks that have to acknowledge (`subtaskName`). */
  readonly subtasks: readonly string[];
}

/** A pending checkpoint as a value of the codec; `subtasks` are those that are missing. */
export interface CapturedCheckpoint<S> extends PendingCheckpointOptions {
  readonly storing: boolean;
  readonly expiries: number;
  readonly acknowledgements: readonly Acknowledgement<S>[];
}

/**
 * A checkpoint that was triggered and is neither complete nor aborted, or that has expired and whose
 * barriers are still under way.
 *
 *   PC1  it is stored only after every subtask has acknowledged
 *   PC2  a second acknowledgement of a subtask changes nothing
 *   PC3  of an expired one only who has acknowledged is kept, not with what
 */
export class PendingCheckpoint<S> {
  readonly checkpoint: number;
  readonly type: CheckpointKind;
  readonly request: string | null;
  readonly final: boolean;
  readonly triggeredAt: number;
  /** `_metadata` is being written. */
  storing = false;
  /** How often its time was over. */
  expiries = 0;
  readonly #missing: Set<string>;
  #acknowledgements: Acknowledgement<S>[] = [];

  constructor(options: PendingCheckpointOptions) {
    this.checkpoint = options.checkpoint;
    this.type = options.type;
    this.request = options.request;
    this.final = options.final;
    this.triggeredAt = options.triggeredAt;
    this.#missing = new Set(options.subtasks);
  }

  static resume<S>(captured: CapturedCheckpoint<S>): PendingCheckpoint<S> {
    const pending = new PendingCheckpoint<S>(captured);
    pending.storing = captured.storing;
    pending.expiries = captured.expiries;
    pending.#acknowledgements.push(...captured.acknowledgements);
    return pending;
  }

  capture(): CapturedCheckpoint<S> {
    const { checkpoint, type, request, final, triggeredAt } = this;
    const { storing, expiries } = this;
    return {
      checkpoint,
      type,
      request,
      final,
      triggeredAt,
      subtasks: [...this.#missing],
      storing,
      expiries,
      acknowledgements: [...this.#acknowledgements],
    };
  }

  /** All subtasks have acknowledged (PC1). */
  get acknowledged(): boolean {
    return this.#missing.size === 0;
  }

  get acknowledgements(): readonly Acknowledgement<S>[] {
    return this.#acknowledgements;
  }

  acknowledge(acknowledgement: Acknowledgement<S>): void {
    const { vertex, subtask } = acknowledgement;
    if (!this.#missing.delete(subtaskName(vertex, subtask)) || this.expired) return;
    this.#acknowledgements.push(acknowledgement);
  }

  /** It was given up, but its barriers are still under way. */
  get expired(): boolean {
    return this.expiries > 0;
  }

  expire(): void {
    this.expiries += 1;
    this.#acknowledgements = [];
  }

  /** For the message of an expiry: who did not acknowledge. */
  missing(): string {
    const names = [...this.#missing];
    const shown = names.slice(0, 5).join(", ");
    return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
  }
}

/** `hourly[2]`: subtask 2 of vertex `hourly`. */
export function subtaskName(vertex: string, subtask: number): string {
  return `${vertex}[${subtask}]`;
}
