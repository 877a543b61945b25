import { assert } from "../assert.ts";
import type { OperatorStateSnapshot } from "../checkpoint/snapshot.ts";
import { limits } from "../limits.ts";
import type { CallScope, Clock, Random } from "../ports/index.ts";
import { fromBytes } from "../record/index.ts";
import { MetricRegistry } from "../runtime/metric-registry.ts";
import { StreamTask } from "../runtime/stream-task.ts";
import type { TaskProgress } from "../runtime/task-progress.ts";
import type { OperatorRestore, TaskEnvironment } from "../runtime/task-environment.ts";
import { type Address, COORDINATOR, addressName } from "./address.ts";
import { HeldBack } from "./held-back.ts";
import type { JobTopology } from "./job-topology.ts";
import { KeyedFiles } from "./keyed-files.ts";
import type { SinkOutputs } from "./sink-outputs.ts";
import { TaskMemory } from "./task-memory.ts";
import { MEMORY_SECTION, PROGRESS_SECTION, operatorSection } from "./task-sections.ts";
import { type Acknowledging, TaskUnit } from "./task-unit.ts";
import type { Unit, UnitFactory, UnitState } from "./unit.ts";

export interface TaskUnitFactoryOptions {
  readonly topology: JobTopology;
  readonly address: Address;
  readonly runId: string;
  readonly generation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly outputs: SinkOutputs;
  readonly bounds: TurnBounds;
  /** Cuts are acknowledged in sets. */
  readonly usesSets: boolean;
  readonly print: (line: string) => void;
}

/** How much a task does in one turn. */
export interface TurnBounds {
  /** Records that a source emits in one turn, about. */
  readonly recordsMax: number;
  /** Elements that a task emits in one turn, about. */
  readonly emissionsMax: number;
  /** Bytes of keyed state that one turn rewrites, about; undefined: as `limits` says. */
  readonly rewriteBytesMax?: number;
}

const NO_OPERATOR_STATE: OperatorStateSnapshot = Object.freeze({
  lists: {},
  unions: {},
  broadcasts: {},
});

/** Makes the live task of a subtask from its state at a version. */
export class TaskUnitFactory implements UnitFactory {
  readonly #options: TaskUnitFactoryOptions;

  constructor(options: TaskUnitFactoryOptions) {
    this.#options = options;
  }

  async create(state: UnitState, _scope: CallScope): Promise<Unit> {
    const { topology, address, runId, generation, outputs, bounds } = this.#options;
    const { rewriteBytesMax = limits.stateRewriteBytesMax } = bounds;
    const memory = TaskMemory.decode(state.sections.single(MEMORY_SECTION));
    const failure: { error: Error | null } = { error: null };
    const metrics = new MetricRegistry();
    const task = new StreamTask(this.#environment(state, memory, metrics, failure));
    const progress = state.sections.single(PROGRESS_SECTION);
    if (progress !== null) task.resume(fromBytes(progress) as TaskProgress); // what `capture` gave
    const heldBack = new HeldBack(task, state.sections);
    await task.open(false);
    return new TaskUnit(
      {
        topology,
        address,
        runId,
        generation,
        task,
        metrics,
        memory,
        version: state.version,
        sections: state.sections,
        keyed: new KeyedFiles(
          { job: topology.job, generation, address, rewriteBytesMax },
          state.files,
        ),
        outputs,
        revisions: new Map(
          task.operators.map(({ node, operatorState }) => [node.uid, operatorState.revision]),
        ),
        failure,
        heldBack,
        recordsMax: bounds.recordsMax,
        // One more: the poll that finds nothing left saves a turn that would only find that out.
        pollsMax: 1 + Math.ceil(bounds.recordsMax / this.#pollRecords),
        acknowledging: this.#acknowledging,
      },
      state.entriesSinceBase,
    );
  }

  get #acknowledging(): Acknowledging | null {
    const { topology, address, usesSets } = this.#options;
    if (!usesSets) return null;
    const place = topology.peers(COORDINATOR).index.get(addressName(address));
    assert(place !== undefined, `${addressName(address)} is a peer of the coordinator`);
    return { place, count: topology.subtasks.length };
  }

  get #pollRecords(): number {
    return Math.min(limits.batchRecordsMax, this.#options.bounds.recordsMax);
  }

  #environment(
    state: UnitState,
    memory: TaskMemory,
    metrics: MetricRegistry,
    failure: { error: Error | null },
  ): TaskEnvironment {
    const { topology, address, runId, clock, random, bounds, print } = this.#options;
    const vertex = topology.vertex(address.vertex);
    return {
      program: topology.program,
      vertex,
      subtask: address.subtask,
      attempt: 0,
      runId,
      lastCheckpoint: memory.lastCheckpoint,
      restore: new Map(vertex.operators.map((uid) => [uid, restoreOf(state, uid)])),
      stagesOutput: true,
      turnEmissionsMax: bounds.emissionsMax,
      pollRecordsMax: this.#pollRecords,
      clock,
      random: () => random.next(),
      metrics,
      accumulators: memory,
      print,
      progress: () => undefined,
      requestSplit: () => {
        memory.splitWanted = true;
      },
      wake: () => undefined,
      fail: (error) => {
        failure.error ??= error instanceof Error ? error : new Error(String(error));
      },
    };
  }
}

function restoreOf(unit: UnitState, uid: string): OperatorRestore {
  const { sections, files, bytes, carried } = unit;
  const base = files.find((each) => each.uid === uid);
  const read = (refs: readonly { readonly key: string }[]): Uint8Array[] =>
    refs.map(({ key }) => {
      const file = bytes.get(key);
      assert(file !== undefined, `${key} was read`);
      return file;
    });
  const segments = sections.list(KeyedFiles.section(uid));
  const stored = sections.single(operatorSection(uid));
  const operatorState =
    stored === null ? NO_OPERATOR_STATE : (fromBytes(stored) as OperatorStateSnapshot);
  if (carried?.uid === uid) {
    const changes = [...read(carried.files), ...segments.slice(carried.segments)];
    return { keyed: [], changes, live: carried.live, operatorState };
  }
  const own = read(base?.own ?? []);
  const restored = (base?.restored ?? []).map((files_) => read(files_));
  if (restored.length > 0)
    return { keyed: restored, changes: [...own, ...segments], operatorState };
  return { keyed: own.length > 0 ? [own] : [], changes: segments, operatorState };
}
