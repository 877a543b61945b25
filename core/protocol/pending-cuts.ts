import { assert } from "../assert.ts";
import type { SubtaskAcknowledgement } from "../checkpoint/assemble-operators.ts";
import type { Acknowledgement } from "../checkpoint/checkpoint-event.ts";
import type { CapturedCheckpoint } from "../checkpoint/pending-checkpoint.ts";
import type { SubtaskState } from "../checkpoint/snapshot.ts";
import { fromBytes, toBytes } from "../record/index.ts";
import { type SectionChange, type Sections, clearSection } from "./sections.ts";

/** By uid: the bytes of an enumerator's state. */
type EnumeratorStates = readonly (readonly [uid: string, state: Uint8Array])[];

interface Cut {
  readonly enumerators: EnumeratorStates;
  /** The cut itself is kept. */
  kept: boolean;
  /** How many of its acknowledgements are kept. */
  acknowledgementsKept: number;
}

/** An acknowledgement as it is kept. */
type StoredAcknowledgement = readonly [
  vertex: string,
  subtask: number,
  operators: ReadonlyMap<string, SubtaskState>,
];

/**
 * What a coordinator collects for its pending checkpoints, each part kept once: an acknowledgement
 * is appended, so that a turn costs what it took in.
 *
 *   PE1  the enumerators' states of a checkpoint are those of its trigger
 *   PE2  the sections of a checkpoint go when it is no longer pending
 */
export class PendingCuts {
  readonly #cuts = new Map<number, Cut>();
  #ended: number[] = [];

  /** `pending`: numbers of the checkpoints that were pending in `sections`. */
  constructor(sections: Sections, pending: readonly number[]) {
    for (const checkpoint of pending) {
      const bytes = sections.single(cutSection(checkpoint));
      assert(bytes !== null, `PE1: checkpoint ${checkpoint} has a cut`);
      this.#cuts.set(checkpoint, {
        enumerators: fromBytes(bytes) as EnumeratorStates, // what `changes` gave
        kept: true,
        acknowledgementsKept: sections.list(acknowledgementsSection(checkpoint)).length,
      });
    }
  }

  begin(checkpoint: number, enumerators: EnumeratorStates): void {
    this.#cuts.set(checkpoint, { enumerators, kept: false, acknowledgementsKept: 0 });
  }

  /** By uid, for `_metadata`. */
  coordinators(checkpoint: number): ReadonlyMap<string, unknown> {
    const { enumerators } = this.#cut(checkpoint);
    return new Map(enumerators.map(([uid, state]) => [uid, fromBytes(state)] as const));
  }

  end(checkpoint: number): void {
    if (this.#cut(checkpoint).kept) this.#ended.push(checkpoint);
    this.#cuts.delete(checkpoint);
  }

  /** What changed since the last call; `pending` are the checkpoints with all they have. */
  changes(
    pending: readonly CapturedCheckpoint<SubtaskAcknowledgement>[],
  ): readonly SectionChange[] {
    const changes = this.#ended.flatMap((checkpoint) => [
      clearSection(cutSection(checkpoint)),
      clearSection(acknowledgementsSection(checkpoint)),
    ]);
    this.#ended = [];
    for (const { checkpoint, acknowledgements } of pending) {
      const cut = this.#cut(checkpoint);
      if (!cut.kept) {
        const bytes = toBytes(cut.enumerators);
        changes.push({ name: cutSection(checkpoint), mode: "replace", bytes });
        cut.kept = true;
      }
      const fresh = acknowledgements.slice(cut.acknowledgementsKept);
      for (const { vertex, subtask, snapshot } of fresh) {
        const stored = [vertex, subtask, snapshot.operators] satisfies StoredAcknowledgement;
        const name = acknowledgementsSection(checkpoint);
        changes.push({ name, mode: "append", bytes: toBytes(stored) });
      }
      cut.acknowledgementsKept = acknowledgements.length;
    }
    return changes;
  }

  #cut(checkpoint: number): Cut {
    const cut = this.#cuts.get(checkpoint);
    assert(cut !== undefined, `PE1: checkpoint ${checkpoint} was triggered`);
    return cut;
  }
}

/** The acknowledgements that are kept of a pending checkpoint, in the order they came. */
export function keptAcknowledgements(
  sections: Sections,
  checkpoint: number,
): readonly Acknowledgement<SubtaskAcknowledgement>[] {
  return sections.list(acknowledgementsSection(checkpoint)).map((bytes) => {
    const [vertex, subtask, operators] = fromBytes(bytes) as StoredAcknowledgement; // as `changes` gave
    return { vertex, subtask, snapshot: { subtask, operators } };
  });
}

function cutSection(checkpoint: number): string {
  return `cut:${checkpoint}`;
}

function acknowledgementsSection(checkpoint: number): string {
  return `acks:${checkpoint}`;
}
