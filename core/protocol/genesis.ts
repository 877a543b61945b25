import {
  type CheckpointMetadata,
  type OperatorStateSnapshot,
  planRestore,
  type RestorePlan,
} from "../checkpoint/index.ts";
import { limits } from "../limits.ts";
import { type Random, randomId } from "../ports/index.ts";
import { crc32c, toBytes } from "../record/index.ts";
import { COMMITTABLES } from "../runtime/sink-operator.ts";
import { SPLITS } from "../runtime/source-driver.ts";
import { type Address, COORDINATOR, isCoordinator, partitionOf } from "./address.ts";
import type { CompletedCheckpoint } from "./completed-checkpoints.ts";
import { coordinatorGenesis } from "./coordinator-state.ts";
import type { CapturedHousekeeping } from "./housekeeping.ts";
import { JOB_SECTION, type JobSection, encodeJobSection } from "./job-section.ts";
import type { JobTopology } from "./job-topology.ts";
import { type EntryBody, type KeyedBase, encodeEntry } from "./ledger-entry.ts";
import { EMPTY_OUTBOX, encodeOutbox } from "./outbox.ts";
import { PROTOCOL_SECTION, encodeProtocolState, initialProtocolState } from "./protocol-state.ts";
import { type SectionChange, encodeChanges } from "./sections.ts";
import { TaskMemory } from "./task-memory.ts";
import { MEMORY_SECTION, operatorSection } from "./task-sections.ts";
import { bodyKey } from "./object-keys.ts";

/** What a generation starts from. */
export interface GenesisSource {
  /** With the keys of its files as they lie in the blob store. */
  readonly metadata: CheckpointMetadata;
  readonly metadataKey: string;
  /** What the generation before retained, this checkpoint left out. */
  readonly retained: readonly CompletedCheckpoint[];
}

export interface GenesisOptions {
  readonly topology: JobTopology;
  readonly generation: number;
  readonly job: JobSection;
  readonly source: GenesisSource | null;
  /** The generation that it follows; null: none. */
  readonly before: CapturedHousekeeping["before"];
  /** The number of the next checkpoint: numbers go on over generations. */
  readonly firstCheckpoint: number;
  readonly allowNonRestoredState: boolean;
  readonly codeHash: string;
  readonly now: number;
  readonly random: Random;
}

export interface GenesisItem {
  readonly partition: string;
  readonly item: Uint8Array;
  /** An object that the item names, to be written first. */
  readonly object: { readonly key: string; readonly bytes: Uint8Array } | null;
}

/**
 * The first entries of a generation's ledgers (P9.5): who gets what of a checkpoint, by uid and key
 * group. Their outboxes are empty.
 */
export class Genesis {
  readonly #options: GenesisOptions;
  readonly #plan: RestorePlan | null;

  /** A RestoreError names what of the checkpoint does not fit the job. */
  constructor(options: GenesisOptions) {
    this.#options = options;
    const { source, topology, allowNonRestoredState } = options;
    this.#plan =
      source === null
        ? null
        : planRestore(source.metadata, topology.program.plan.streamGraph.operators, {
            allowNonRestoredState,
          });
  }

  /** What the checkpoint holds pre-committed for a sink. */
  committables(uid: string): readonly unknown[] {
    return (this.#plan?.operators.get(uid)?.subtasks ?? [])
      .flatMap(({ operatorState }) => operatorState.lists[COMMITTABLES] ?? [])
      .flatMap((epoch) => (epoch as { readonly committables: readonly unknown[] }).committables);
  }

  *items(): Generator<GenesisItem> {
    for (const address of [COORDINATOR, ...this.#options.topology.subtasks]) {
      yield this.#item(address);
    }
  }

  #item(address: Address): GenesisItem {
    const { topology, generation, job, codeHash, now, random } = this.#options;
    const partition = partitionOf(topology.job, generation, address);
    const peers = topology.peers(address).addresses.length;
    const changes: SectionChange[] = [
      replace(JOB_SECTION, encodeJobSection(job)),
      replace(PROTOCOL_SECTION, encodeProtocolState(initialProtocolState(peers))),
      ...(isCoordinator(address) ? this.#coordinator() : this.#task(address)),
    ];
    const commitId = randomId(random);
    const { body, object } = bodyOf(partition, commitId, encodeChanges(changes));
    const item = encodeEntry({
      kind: "genesis",
      commitId,
      committedAtMs: now,
      codeHash,
      planHash: job.planHash,
      base: 0,
      hands: [],
      consumed: Array.from({ length: peers }, () => 0),
      files: isCoordinator(address) ? [] : this.#files(address),
      cut: 0,
      next: 0,
      body,
    });
    return { partition, item, object };
  }

  #coordinator(): readonly SectionChange[] {
    const { topology, source, firstCheckpoint } = this.#options;
    const enumerators = new Map<string, { readonly state: unknown } | null>();
    const splitsBack = new Map<string, readonly unknown[]>();
    for (const { id } of topology.program.plan.jobGraph.vertices) {
      if (!topology.isSource(id)) continue;
      const restored = this.#plan?.operators.get(id);
      enumerators.set(id, restored?.coordinator ?? null);
      splitsBack.set(
        id,
        (restored?.subtasks ?? []).flatMap(
          ({ operatorState }) => operatorState.lists[SPLITS] ?? [],
        ),
      );
    }
    return coordinatorGenesis({
      firstCheckpoint,
      enumerators,
      splitsBack,
      metadataKey: source?.metadataKey ?? null,
      checkpoint: source?.metadata.checkpoint ?? 0,
      kind: source?.metadata.kind ?? "checkpoint",
      retained: source?.retained ?? [],
      before: this.#options.before,
    });
  }

  #task({ vertex, subtask }: Address): readonly SectionChange[] {
    const memory = new TaskMemory();
    memory.restoredCheckpoint = this.#options.source?.metadata.checkpoint ?? 0;
    memory.lastCheckpoint = memory.restoredCheckpoint;
    const changes = [replace(MEMORY_SECTION, memory.encode())];
    for (const uid of this.#options.topology.vertex(vertex).operators) {
      const state = this.#plan?.operators.get(uid)?.subtasks[subtask]?.operatorState;
      if (state === undefined) continue;
      changes.push(replace(operatorSection(uid), toBytes(withoutSplits(state))));
    }
    return changes;
  }

  #files({ vertex, subtask }: Address): readonly KeyedBase[] {
    const files: KeyedBase[] = [];
    for (const uid of this.#options.topology.vertex(vertex).operators) {
      const keyed = this.#plan?.operators.get(uid)?.subtasks[subtask]?.keyed ?? [];
      if (keyed.length > 0) files.push({ uid, restored: keyed, own: [] });
    }
    return files;
  }
}

/** Splits of all readers go back to the enumerator on every restore. */
function withoutSplits(state: OperatorStateSnapshot): OperatorStateSnapshot {
  const { [SPLITS]: _, ...lists } = state.lists;
  return { ...state, lists };
}

function replace(name: string, bytes: Uint8Array): SectionChange {
  return { name, mode: "replace", bytes };
}

function bodyOf(
  partition: string,
  commitId: string,
  delta: Uint8Array,
): { readonly body: EntryBody; readonly object: GenesisItem["object"] } {
  const outbox = encodeOutbox(EMPTY_OUTBOX).bytes;
  if (delta.length + outbox.length <= limits.ledgerInlineBytesMax) {
    return { body: { kind: "inline", delta, outbox }, object: null };
  }
  const key = bodyKey(partition, 0, commitId);
  const bytes = new Uint8Array(delta.length + outbox.length);
  bytes.set(delta);
  bytes.set(outbox, delta.length);
  return {
    body: {
      kind: "ref",
      key,
      deltaBytes: delta.length,
      deltaChecksum: crc32c(delta, 0, delta.length),
      outboxBytes: outbox.length,
      outboxChecksum: crc32c(outbox, 0, outbox.length),
    },
    object: { key, bytes },
  };
}
