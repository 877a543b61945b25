import { planRestore } from "../checkpoint/index.ts";
import { StorageError, UsageError } from "../errors.ts";
import { type CallScope, randomId, unbounded } from "../ports/index.ts";
import { MetricRegistry } from "../runtime/metric-registry.ts";
import { type Address, COORDINATOR, groupOf, queueOf } from "./address.ts";
import { broken } from "./canaries.ts";
import { loadCheckpoint } from "./checkpoint-store.ts";
import type { Command } from "./control.ts";
import type { CoordinatorView } from "./coordinator-state.ts";
import { EarlierGeneration } from "./earlier-generation.ts";
import type { FunctionPorts } from "./function.ts";
import { Genesis, type GenesisSource } from "./genesis.ts";
import {
  type JobPhase,
  type JobRecord,
  type Parallelism,
  type StartFrom,
  type VersionedJobRecord,
  readJobRecord,
  writeJobRecord,
} from "./job-record.ts";
import type { JobTopology } from "./job-topology.ts";
import { encodeMessage } from "./message.ts";
import { savedOutput } from "./saved-output.ts";
import { SinkOutputs } from "./sink-outputs.ts";

export interface JobControlOptions {
  readonly topology: JobTopology;
  readonly ports: FunctionPorts;
  readonly codeHash: string;
  /** A line for the user. */
  readonly notice: (line: string) => void;
}

export interface StartOptions {
  readonly from: StartFrom;
  readonly allowNonRestoredState?: boolean;
}

/** What is known of a job from outside. */
export interface JobOverview {
  readonly record: JobRecord;
  readonly coordinator: CoordinatorView | null;
}

/** Phases of a generation that has run. */
const RAN: readonly JobPhase[] = [
  "running",
  "stopping",
  "stopped",
  "finished",
  "failed",
  "cancelled",
];

/**
 * Starts, restores, stops and ends jobs from outside (P9). Every step can be repeated, and whoever
 * finds a start that was left in its middle begins the next generation.
 *
 *   JC1  (I-GEN) all old subtasks are sealed before anything of the new generation exists
 *   JC2  a generation runs only after the record says so, by compare-and-set: of two restores at
 *        once one wins, and what the other wrote belongs to nobody
 *   JC3  a start that was left in its middle is repeated with its own wish; a checkpoint that does
 *        not fit the job is refused before anything was sealed
 *   JC4  no message goes to a generation before the record says that it runs: its start may come to
 *        nothing (JC2), and then nobody seals it
 */
export class JobControl {
  readonly #options: JobControlOptions;
  readonly #scope: CallScope;
  readonly #earlier: EarlierGeneration;

  constructor(options: JobControlOptions, scope: CallScope = unbounded) {
    this.#options = options;
    this.#scope = scope;
    this.#earlier = new EarlierGeneration(options, scope);
  }

  /** Starts a generation; resolves with its number when every subtask has its `start`. */
  async start(wanted: StartOptions): Promise<number> {
    const before = await this.#read();
    const options = { ...wanted, from: wishOf(wanted, before?.record ?? null) };
    await this.#refuseUnfit(before?.record ?? null, options);
    const begun = await this.#begin(before, options);
    const source = await this.#earlier.sealAndChoose(begun.record, options.from);
    const job = {
      runId: begun.record.runId,
      restoreId: begun.record.restoreId,
      planHash: begun.record.planHash,
    };
    const { topology, ports, codeHash } = this.#options;
    const genesis = new Genesis({
      topology,
      generation: begun.record.generation,
      job,
      source: source.from,
      before: begun.record.before,
      firstCheckpoint: source.nextCheckpoint,
      allowNonRestoredState: options.allowNonRestoredState ?? false,
      codeHash,
      now: ports.clock.now(),
      random: ports.random,
    });
    await this.#prepareSinks(begun.record, genesis, source.from);
    await this.#fence(begun.record);
    if (broken("early-start")) await this.sendStarts(begun.record);
    await this.#writeGenesis(genesis);
    await this.#run(begun, source.from);
    if (!broken("early-start")) await this.sendStarts(begun.record);
    return begun.record.generation;
  }

  /** P9.7. Again is harmless: a start that was taken is a no-op for ever. */
  async sendStarts({ generation, restoreId, parallelism }: JobRecord): Promise<void> {
    if (broken("no-start")) return;
    const { topology } = this.#options;
    // Of the record, not of this code's plan: a message for nobody would be handed back for ever.
    // Receivers before senders, the coordinator last: a start is the first in its group (H37), also
    // when whoever sends them dies on the way.
    for (const address of [...subtasksOf(parallelism).toReversed(), COORDINATOR]) {
      const body = encodeMessage({
        job: topology.job,
        generation,
        content: { kind: "start", restoreId },
      });
      await this.#send(address, generation, body);
    }
  }

  /**
   * Asks the coordinator; the result is in `overview` under the request id. Nothing is sent
   * to a generation before it runs (JC4).
   */
  async command(command: Command, requestId: string = randomId(this.#random)): Promise<string> {
    const { record } = await this.#existing();
    const { topology } = this.#options;
    const { generation } = record;
    if (record.phase === "sealing") throw starting(record);
    const body = encodeMessage({
      job: topology.job,
      generation,
      content: { kind: "command", requestId, command },
    });
    await this.#send(COORDINATOR, generation, body);
    return requestId;
  }

  /** A FAILED job goes on from the heads of its ledgers. */
  async resume(): Promise<void> {
    const { record, revision } = await this.#existing();
    if (record.phase !== "failed") return;
    const { records } = this.#options.ports;
    if (record.failure !== null) {
      const key = failureKey(record, record.failure.at);
      const stored = await records.get(key, this.#scope);
      if (stored !== null) await records.put(key, NO_ATTEMPTS, stored.revision, this.#scope);
    }
    await this.#write({ ...record, phase: "running", failure: null }, revision);
  }

  /** Ends the job without a checkpoint; what is not committed is dropped. */
  async cancel(): Promise<void> {
    const { record, revision } = await this.#existing();
    await this.#write({ ...record, phase: "cancelled" }, revision);
    const { generation, parallelism } = record;
    await this.#earlier.sealAll({ generation, parallelism }, 0);
  }

  async overview(): Promise<JobOverview | null> {
    const current = await this.#read();
    if (current === null) return null;
    const { record } = current;
    const coordinator = await this.#earlier.coordinator(record.generation);
    return { record, coordinator };
  }

  /** What does not fit the job is refused before anything that runs has been sealed. */
  async #refuseUnfit(old: JobRecord | null, options: StartOptions): Promise<void> {
    const { from, allowNonRestoredState = false } = options;
    const ran = old === null ? null : generationThatRan(old);
    const metadata = await this.#earlier.candidate(ran, from);
    if (metadata === null) return;
    const { operators } = this.#options.topology.program.plan.streamGraph;
    planRestore(metadata, operators, { allowNonRestoredState });
  }

  /** Step 2: the record names the next generation. */
  async #begin(
    before: VersionedJobRecord | null,
    options: StartOptions,
  ): Promise<VersionedJobRecord> {
    const { topology, codeHash } = this.#options;
    const { plan } = topology.program;
    const old = before?.record ?? null;
    const sameRun = options.from === "latest" || (await this.#isOfRun(options, old));
    const record: JobRecord = {
      job: topology.job,
      runId: sameRun && old !== null ? old.runId : randomId(this.#random).slice(0, 8),
      generation: (old?.generation ?? 0) + 1,
      phase: "sealing",
      restoreId: randomId(this.#random),
      source: null,
      from: options.from,
      before: old === null ? null : generationThatRan(old),
      planHash: plan.planHash,
      codeHash,
      parallelism: parallelismOf(topology),
      failure: null,
      result: null,
    };
    const revision = before?.revision ?? 0;
    await this.#write(record, revision);
    return { record, revision: revision + 1 };
  }

  async #isOfRun({ from }: StartOptions, old: JobRecord | null): Promise<boolean> {
    if (typeof from === "string" || old === null) return false;
    const metadata = await loadCheckpoint(this.#options.ports.blobs, from.metadataKey);
    return metadata.runId === old.runId;
  }

  async #prepareSinks(
    record: JobRecord,
    genesis: Genesis,
    source: GenesisSource | null,
  ): Promise<void> {
    const { topology, ports, notice } = this.#options;
    const isNew = record.before === null || source === null;
    const saved = await savedOutput(ports.blobs, topology.job, record.runId);
    for (const [uid, implementation] of topology.program.implementations) {
      if (implementation.kind !== "sink") continue;
      await implementation.sink.prepare?.({
        uid,
        runId: record.runId,
        restoredCheckpoint: isNew && source === null ? null : (source?.metadata.checkpoint ?? 0),
        committables: genesis.committables(uid),
        retained: saved.get(uid) ?? [],
        notice,
      });
    }
  }

  /** P9.4: what turns of older generations still apply comes to nothing. */
  async #fence({ runId, generation, before }: JobRecord): Promise<void> {
    const { topology, ports } = this.#options;
    const outputs = new SinkOutputs({
      program: topology.program,
      runId,
      generation,
      clock: ports.clock,
      metrics: new MetricRegistry(),
      print: () => undefined,
    });
    const old = before?.parallelism ?? {};
    for (const { id, parallelism } of topology.program.plan.jobGraph.vertices) {
      const subtasks = Math.max(parallelism, old[id] ?? 0);
      for (let subtask = 0; subtask < subtasks; subtask += 1) {
        await outputs.fence({ vertex: id, subtask });
      }
    }
  }

  /** Step 5. */
  async #writeGenesis(genesis: Genesis): Promise<void> {
    const { ledger, blobs } = this.#options.ports;
    for (const { partition, item, object } of genesis.items()) {
      if (object !== null) await blobs.put(object.key, object.bytes, { ifAbsent: true });
      await ledger.append(partition, 0, item, this.#scope);
    }
  }

  /** Step 6 (JC2). */
  async #run(
    { record, revision }: VersionedJobRecord,
    source: GenesisSource | null,
  ): Promise<void> {
    const from =
      source === null
        ? null
        : {
            generation: record.before?.generation ?? 0,
            metadata: source.metadataKey,
            checkpoint: source.metadata.checkpoint,
          };
    await this.#write({ ...record, phase: "running", source: from, before: null }, revision);
  }

  async #send(address: Address, generation: number, body: Uint8Array): Promise<void> {
    const { topology, ports } = this.#options;
    const queue = queueOf(topology.job, address.vertex);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const entry = {
        group: groupOf(generation, address.subtask),
        // Another one each time: a refused message may have used its id up.
        deduplicationId: `${generation}.control.${randomId(this.#random)}`,
        body,
      };
      const [accepted] = await ports.queues.send(queue, [entry], this.#scope);
      if (accepted === true) return;
    }
    throw new StorageError(`queue ${queue} did not accept a message`, {
      code: "STORAGE_QUEUE_SEND",
      hint: "try again",
      retryable: true,
    });
  }

  #read(): Promise<VersionedJobRecord | null> {
    const { ports, topology } = this.#options;
    return readJobRecord(ports.records, topology.job, this.#scope);
  }

  async #existing(): Promise<VersionedJobRecord> {
    const current = await this.#read();
    if (current !== null) return current;
    throw new UsageError(`job ${this.#options.topology.job} was never started`, {
      code: "USAGE_UNKNOWN_JOB",
      hint: "check the job's name, or start it",
    });
  }

  async #write(record: JobRecord, revision: number): Promise<void> {
    const written = await writeJobRecord(
      this.#options.ports.records,
      record,
      revision,
      this.#scope,
    );
    if (written) return;
    throw new StorageError(`somebody else has changed job ${record.job} at the same time`, {
      code: "STORAGE_JOB_RECORD",
      hint: "look at its status, and try again",
      retryable: true,
    });
  }

  get #random(): FunctionPorts["random"] {
    return this.#options.ports.random;
  }
}

const TRIES = 4;
/** The attempts of a failure entry that was settled by hand. */
const NO_ATTEMPTS = new Uint8Array(0);

/** "latest", asked while a start was left in its middle, means what that start wanted (JC3). */
function wishOf({ from }: StartOptions, old: JobRecord | null): StartFrom {
  return from === "latest" && old !== null && !RAN.includes(old.phase) ? old.from : from;
}

function generationThatRan(record: JobRecord): JobRecord["before"] {
  if (!RAN.includes(record.phase)) return record.before;
  return { generation: record.generation, parallelism: record.parallelism };
}

function starting({ job, generation }: JobRecord): StorageError {
  return new StorageError(`job ${job} is being started, as generation ${generation}`, {
    code: "STORAGE_JOB_STARTING",
    hint: "try again when it runs; if its start has died, start it again",
    retryable: true,
  });
}

function parallelismOf({ program }: JobTopology): Parallelism {
  return Object.fromEntries(
    program.plan.jobGraph.vertices.map(({ id, parallelism }) => [id, parallelism]),
  );
}

function subtasksOf(parallelism: Parallelism): readonly Address[] {
  return Object.entries(parallelism).flatMap(([vertex, subtasks]) =>
    Array.from({ length: subtasks }, (_, subtask) => ({ vertex, subtask })),
  );
}

function failureKey({ job, generation }: JobRecord, at: string): string {
  return `${job}/${generation}/failures/${at}`;
}
