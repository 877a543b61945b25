import { assert } from "../assert.ts";
import type { SubtaskAcknowledgement } from "../checkpoint/assemble-operators.ts";
import type { CheckpointKind } from "../checkpoint/checkpoint-event.ts";
import type { CapturedCoordinator } from "../checkpoint/coordinator-options.ts";
import { fromBytes, toBytes } from "../record/index.ts";
import type { CapturedCompleted, CompletedCheckpoint } from "./completed-checkpoints.ts";
import { enumeratorSection, initialEnumerator } from "./enumerator-host.ts";
import { type CapturedHousekeeping, Housekeeping } from "./housekeeping.ts";
import type { CapturedEnding } from "./job-ending.ts";
import type { RequestResult } from "./request-log.ts";
import type { SectionChange, Sections } from "./sections.ts";

/**
 * What the coordinator of a job keeps, in sections of its ledger:
 *
 *     coordinator       CoordinatorState
 *     requests          the results of commands
 *     enumerator:<uid>  the split enumerator of a source
 *     cut:<n>           what was captured at the trigger of pending checkpoint n
 *     acks:<n>          the acknowledgements of pending checkpoint n, one by one
 */
export interface CoordinatorState {
  readonly firstCheckpoint: number;
  /** Without acknowledgements, which have their own section; null: nothing has happened yet. */
  readonly checkpoints: CapturedCoordinator<SubtaskAcknowledgement> | null;
  readonly completed: CapturedCompleted;
  readonly ending: CapturedEnding;
  readonly housekeeping: CapturedHousekeeping;
}

/** What can be asked about a job without waking it. */
export interface CoordinatorView extends CoordinatorState {
  readonly requests: readonly RequestResult[];
}

export const COORDINATOR_SECTION = "coordinator";
export const REQUESTS_SECTION = "requests";

export function decodeCoordinatorState(sections: Sections): CoordinatorState {
  const bytes = sections.single(COORDINATOR_SECTION);
  assert(bytes !== null, "the coordinator begins with a genesis");
  return fromBytes(bytes) as CoordinatorState; // the entry vouches for what our own encoder wrote
}

export function decodeRequests(sections: Sections): readonly RequestResult[] {
  const bytes = sections.single(REQUESTS_SECTION);
  return bytes === null ? [] : (fromBytes(bytes) as readonly RequestResult[]); // as above
}

/** For status queries: what `sections` of the coordinator's ledger say. */
export function readCoordinatorState(sections: Sections): CoordinatorView {
  return { ...decodeCoordinatorState(sections), requests: decodeRequests(sections) };
}

export interface CoordinatorGenesis {
  /** Greater than every number that was ever given, also by earlier generations (CC1). */
  readonly firstCheckpoint: number;
  /** By uid of the source: what the checkpoint holds of its enumerator; null: nothing. */
  readonly enumerators: ReadonlyMap<string, { readonly state: unknown } | null>;
  /** By uid of the source: the unfinished splits of its readers in the checkpoint (S3). */
  readonly splitsBack: ReadonlyMap<string, readonly unknown[]>;
  /** Of the checkpoint or savepoint that the generation starts from; null: from nothing. */
  readonly metadataKey: string | null;
  /** Its number; 0: none. */
  readonly checkpoint: number;
  /** What it is. A savepoint, which it is taken for if nothing is said, is never released. */
  readonly kind?: CheckpointKind;
  /** What else the generation before retained. */
  readonly retained?: readonly CompletedCheckpoint[];
  /** The generation before, whose ledgers are deleted in time. */
  readonly before?: CapturedHousekeeping["before"];
}

/** The sections that the coordinator of a generation begins with. */
export function coordinatorGenesis(genesis: CoordinatorGenesis): readonly SectionChange[] {
  const { firstCheckpoint, enumerators, splitsBack } = genesis;
  const state: CoordinatorState = {
    firstCheckpoint,
    checkpoints: null,
    completed: initiallyCompleted(genesis),
    ending: { ending: { kind: "running" }, finished: [], accumulators: {} },
    housekeeping: Housekeeping.initial(genesis.before ?? null),
  };
  const changes: SectionChange[] = [
    { name: COORDINATOR_SECTION, mode: "replace", bytes: toBytes(state) },
  ];
  for (const uid of new Set([...enumerators.keys(), ...splitsBack.keys()])) {
    const bytes = initialEnumerator(enumerators.get(uid) ?? null, splitsBack.get(uid) ?? []);
    changes.push({ name: enumeratorSection(uid), mode: "replace", bytes });
  }
  return changes;
}

/** The store of completed checkpoints begins with what was restored (semantics 24). */
function initiallyCompleted(genesis: CoordinatorGenesis): CapturedCompleted {
  const { metadataKey, checkpoint, kind = "savepoint", retained = [] } = genesis;
  if (metadataKey === null) return { latest: null, retained, released: [] };
  const latest = { checkpoint, kind, metadataKey };
  return { latest, retained: [...retained, latest], released: [] };
}
