import type { CheckpointMetadata } from "../checkpoint/snapshot.ts";
import type { CallScope } from "../ports/index.ts";
import { acknowledgementSet } from "./acknowledgement-set.ts";
import { type Address, COORDINATOR, partitionOf } from "./address.ts";
import { broken } from "./canaries.ts";
import { loadCheckpoint } from "./checkpoint-store.ts";
import { type CoordinatorView, readCoordinatorState } from "./coordinator-state.ts";
import type { FunctionPorts } from "./function.ts";
import type { GenesisSource } from "./genesis.ts";
import type { JobRecord, StartFrom } from "./job-record.ts";
import type { JobTopology } from "./job-topology.ts";
import { objectLost } from "./object-lost.ts";
import { sealLedger } from "./seal.ts";
import { SubtaskStore } from "./subtask-store.ts";
import { TurnToken } from "./turn-token.ts";

export interface EarlierGenerationOptions {
  readonly topology: JobTopology;
  readonly ports: FunctionPorts;
  readonly codeHash: string;
}

/** What a generation starts with. */
export interface ChosenSource {
  /** Null: nothing. */
  readonly from: GenesisSource | null;
  readonly nextCheckpoint: number;
}

/** Sets of acknowledgements that a start drops; more are left only where checkpoints kept failing. */
const DROPS_MAX = 256;

/**
 * The generation that ran before: it is ended here, and what the next one starts from is chosen from
 * what it has left (P9.3, P9.4).
 *
 *   EG1  (I-SEAL) the checkpoint to start from is chosen when the old coordinator is sealed: only
 *        then its latest completed one is fixed
 */
export class EarlierGeneration {
  readonly #options: EarlierGenerationOptions;
  readonly #scope: CallScope;

  constructor(options: EarlierGenerationOptions, scope: CallScope) {
    this.#options = options;
    this.#scope = scope;
  }

  /** What a coordinator's ledger says, sealed or not; null: it has none. */
  async coordinator(generation: number): Promise<CoordinatorView | null> {
    const { ports, topology } = this.#options;
    const partition = partitionOf(topology.job, generation, COORDINATOR);
    const store = new SubtaskStore(ports.ledger, ports.blobs, partition);
    const sections = await store.sections(new TurnToken(ports.clock, this.#scope.deadlineMs));
    return sections === null ? null : readCoordinatorState(sections);
  }

  /** The checkpoint that a start would take as things are, so that it can be refused; null: none. */
  async candidate(
    before: JobRecord["before"],
    from: StartFrom,
  ): Promise<CheckpointMetadata | null> {
    const asks = before !== null && from === "latest";
    const view = asks ? await this.coordinator(before.generation) : null;
    const metadataKey = chosenKey(from, view);
    return metadataKey === null ? null : this.#load(from, metadataKey);
  }

  /** Ends every subtask of the generation before `record`'s, and chooses (EG1). */
  async sealAndChoose(record: JobRecord, from: StartFrom): Promise<ChosenSource> {
    const { before } = record;
    const early =
      before !== null && broken("choose-before-seal")
        ? await this.coordinator(before.generation)
        : null;
    let view: CoordinatorView | null = null;
    if (before !== null) {
      if (!broken("no-seal")) await this.#seal(COORDINATOR, before.generation, record.generation);
      view = early ?? (await this.coordinator(before.generation));
      if (!broken("no-seal")) await this.sealAll(before, record.generation);
      await this.#dropAcknowledgements(before.generation, view);
    }
    const metadataKey = chosenKey(from, view);
    const last = view?.checkpoints?.next ?? view?.firstCheckpoint ?? 1;
    if (metadataKey === null) return { from: null, nextCheckpoint: last };
    const metadata = await this.#load(from, metadataKey);
    const retained = (view?.completed.retained ?? []).filter(
      (completed) => completed.metadataKey !== metadataKey && from === "latest",
    );
    return {
      from: { metadata, metadataKey, retained },
      nextCheckpoint: Math.max(last, metadata.checkpoint + 1),
    };
  }

  /** The coordinator first. `next`: the generation that follows, 0: none. */
  async sealAll(
    { generation, parallelism }: NonNullable<JobRecord["before"]>,
    next: number,
  ): Promise<void> {
    await this.#seal(COORDINATOR, generation, next);
    for (const [vertex, subtasks] of Object.entries(parallelism)) {
      for (let subtask = 0; subtask < subtasks; subtask += 1) {
        await this.#seal({ vertex, subtask }, generation, next);
      }
    }
  }

  #seal(address: Address, generation: number, next: number): Promise<void> {
    const { ports, topology, codeHash } = this.#options;
    const partition = partitionOf(topology.job, generation, address);
    return sealLedger({ ports, partition, next, codeHash, scope: this.#scope });
  }

  /** Of checkpoints that a sealed generation has left behind (AS4). */
  async #dropAcknowledgements(generation: number, view: CoordinatorView | null): Promise<void> {
    const { ports, topology } = this.#options;
    const checkpoints = (view?.checkpoints?.pending ?? []).map(({ checkpoint }) => checkpoint);
    for (const [first, last] of view?.housekeeping.sets ?? []) {
      for (let next = first; next <= last; next += 1) checkpoints.push(next);
    }
    for (const checkpoint of checkpoints.slice(-DROPS_MAX)) {
      const set = acknowledgementSet(topology.job, generation, checkpoint);
      await ports.sets.drop(set, this.#scope);
    }
  }

  #load(from: StartFrom, metadataKey: string): Promise<CheckpointMetadata> {
    const { blobs } = this.#options.ports;
    return from === "latest"
      ? loadCheckpoint(blobs, metadataKey, objectLost)
      : loadCheckpoint(blobs, metadataKey);
  }
}

function chosenKey(from: StartFrom, view: CoordinatorView | null): string | null {
  if (from === "fresh") return null;
  if (from !== "latest") return from.metadataKey;
  return view?.completed.latest?.metadataKey ?? null;
}
