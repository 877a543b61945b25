import { assert } from "../assert.ts";
import { RestoreError } from "../errors.ts";
import type { OperatorSnapshot } from "../checkpoint/snapshot.ts";
import type { JobEdge, OperatorEdge, OperatorNode } from "../plan/plan.ts";
import { keyGroupRange } from "../record/index.ts";
import { KeyedStateBackend, OperatorStateStore } from "../state/index.ts";
import { TimerService } from "../time/index.ts";
import type { Operator, OperatorContext, Output, SideOutputs } from "./operator.ts";
import { channelSelector } from "./partitioner.ts";
import type { Implementation, KeySelector } from "./program.ts";
import { ResultPartition, combine } from "./result-partition.ts";
import { MainOutput, SideRouter } from "./side-router.ts";
import { SinkOperator } from "./sink-operator.ts";
import { StagingSinkOperator } from "./staging-sink-operator.ts";
import type { TaskEnvironment } from "./task-environment.ts";
import type { Emission } from "./task-output.ts";
import { TimerRelay } from "./timer-relay.ts";
import { TracingLink } from "./tracing-link.ts";
import { UndoLog } from "./undo-log.ts";

/** One operator of a running chain with what belongs to it. */
export interface ChainedOperator {
  readonly node: OperatorNode;
  /** Null for a source, whose reader the task drives. */
  readonly operator: Operator<unknown, unknown> | null;
  readonly state: KeyedStateBackend | null;
  readonly timers: TimerService | null;
  readonly operatorState: OperatorStateStore;
  /** Where the head's results go; the source task writes to it. */
  readonly out: Output<unknown>;
  readonly side: SideOutputs;
}

/**
 * The operators of one task, connected.
 *
 *   OC1  operators are made from the end of the chain to its head, so that outputs exist first
 *   OC2  only the head can be keyed: a keyed operator's inputs are hash edges, which never chain
 */
export class OperatorChain {
  /** Head first. */
  readonly operators: readonly ChainedOperator[];
  readonly partitions: readonly ResultPartition[];
  /** Null unless dead letters are on. */
  readonly undo: UndoLog | null;
  readonly #environment: TaskEnvironment;
  readonly #partitionsByEdge = new Map<JobEdge, ResultPartition>();
  readonly #built = new Map<string, ChainedOperator>();

  constructor(environment: TaskEnvironment, emissions: Emission[]) {
    this.#environment = environment;
    const { program, vertex } = environment;
    const nodes = vertex.operators.map((uid) => nodeOf(environment, uid));
    const head = nodes[0];
    assert(head !== undefined, "a chain has at least one operator");
    program.plan.jobGraph.edges.forEach((edge, index) => {
      if (edge.fromVertex !== vertex.id) return;
      this.#partitionsByEdge.set(edge, this.#partition(edge, index, emissions));
    });
    this.partitions = [...this.#partitionsByEdge.values()];
    const headState = head.keyed ? this.#keyedState(head) : null;
    const undoable =
      program.deadLetters !== null && !vertex.operators.includes(program.deadLetters);
    this.undo = undoable ? new UndoLog(head.uid, headState, this.partitions) : null;
    for (const node of nodes.toReversed()) {
      assert(!node.keyed || node === head, `OC2: ${node.uid} is keyed inside a chain`);
      this.#built.set(node.uid, this.#build(node, node === head ? headState : null));
    }
    this.operators = nodes.map((node) => this.built(node.uid));
  }

  get subtask(): number {
    return this.#environment.subtask;
  }

  get head(): ChainedOperator {
    return this.operators[0] as ChainedOperator;
  }

  built(uid: string): ChainedOperator {
    const built = this.#built.get(uid);
    assert(built !== undefined, `OC1: operator ${uid} is built before its consumers`);
    return built;
  }

  #build(node: OperatorNode, state: KeyedStateBackend | null): ChainedOperator {
    const environment = this.#environment;
    const implementation = implementationOf(environment, node.uid);
    const operatorState = new OperatorStateStore({ strict: environment.program.settings.strict });
    const restore = environment.restore.get(node.uid);
    if (restore !== undefined) operatorState.restore(restore.operatorState);
    this.undo?.cover(operatorState);
    const relay = new TimerRelay();
    const timers =
      state === null
        ? null
        : new TimerService(state, environment.clock, relay, restore?.live?.timers);
    if (state !== null) this.#restoreKeyed(node, implementation, state);
    const side = this.#sideOutputs(node.uid);
    const main = combine(this.#consumers(node.uid, null));
    const out = side.size === 0 ? main : new MainOutput(main, side);
    const context = this.#context(node, state, timers, operatorState);
    let operator: Operator<unknown, unknown> | null = null;
    if (implementation.kind === "sink") {
      const setup = { context, out, side };
      operator = environment.stagesOutput
        ? new StagingSinkOperator(setup)
        : new SinkOperator(setup, implementation.sink, environment);
    } else if (implementation.kind === "operator") {
      operator = implementation.create({ context, out, side });
    }
    relay.target = operator;
    return { node, operator, state, timers, operatorState, out, side };
  }

  #keyedState(node: OperatorNode): KeyedStateBackend {
    const range = keyGroupRange(this.#environment.subtask, node.parallelism, node.maxParallelism);
    const options = {
      maxParallelism: node.maxParallelism,
      firstKeyGroup: range.first,
      lastKeyGroup: range.last,
      clock: this.#environment.clock,
      strict: this.#environment.program.settings.strict,
    };
    const live = this.#environment.restore.get(node.uid)?.live ?? null;
    return new KeyedStateBackend(options, live?.tables);
  }

  #restoreKeyed(
    node: OperatorNode,
    implementation: Implementation,
    state: KeyedStateBackend,
  ): void {
    const declared = implementation.kind === "operator" ? implementation.states : [];
    for (const descriptor of declared) state.column(descriptor);
    const restore = this.#environment.restore.get(node.uid);
    if (restore === undefined) return;
    if ((restore.live ?? null) !== null) return state.catchUp(restore.changes);
    for (const files of restore.keyed) state.restore(files);
    if (restore.changes.length > 0) state.restore(restore.changes, true);
  }

  /**
   * After `open`: state that came from the checkpoint and that nobody declared is an error, or is
   * dropped.
   */
  checkClaimed(allowNonRestoredState: boolean): void {
    for (const { node, state, operatorState } of this.operators) {
      const unclaimed = [...(state?.unclaimedStates() ?? []), ...operatorState.unclaimedStates()];
      if (unclaimed.length === 0) continue;
      if (!allowNonRestoredState) throw unclaimedState(node.uid, unclaimed);
      state?.discardUnclaimedStates();
      operatorState.discardUnclaimedStates();
    }
  }

  #consumers(uid: string, sideOutput: string | null): Output<unknown>[] {
    const feeds = (edge: OperatorEdge): boolean =>
      edge.from === uid && edge.sideOutput === sideOutput;
    const chained = this.#environment.vertex.chained
      .filter(feeds)
      .map((edge) => this.#link(edge.to));
    const sent = [...this.#partitionsByEdge]
      .filter(([edge]) => feeds(edge))
      .map(([, partition]) => partition);
    return [...chained, ...sent];
  }

  #link(uid: string): Output<unknown> {
    const { operator } = this.built(uid);
    assert(operator !== null, `OC1: source ${uid} is not the head of its chain`);
    return this.undo === null ? operator : new TracingLink(operator, uid, this.undo);
  }

  #sideOutputs(uid: string): SideRouter {
    const { chained } = this.#environment.vertex;
    const tags = new Set<string>();
    for (const edge of [...chained, ...this.#partitionsByEdge.keys()]) {
      if (edge.from === uid && edge.sideOutput !== null) tags.add(edge.sideOutput);
    }
    return new SideRouter(
      new Map([...tags].map((tag) => [tag, combine(this.#consumers(uid, tag))])),
    );
  }

  #context(
    node: OperatorNode,
    state: KeyedStateBackend | null,
    timers: TimerService | null,
    operatorState: OperatorStateStore,
  ): OperatorContext {
    const environment = this.#environment;
    const { undo } = this;
    const group = environment.metrics.addGroup(node.uid).addGroup(String(environment.subtask));
    return {
      job: environment.program.plan.job,
      uid: node.uid,
      name: node.name,
      subtask: environment.subtask,
      parallelism: node.parallelism,
      maxParallelism: node.maxParallelism,
      attempt: environment.attempt,
      clock: environment.clock,
      metrics: group,
      get state(): KeyedStateBackend {
        assert(state !== null, `operator ${node.uid} is not keyed but uses keyed state`);
        return state;
      },
      get timers(): TimerService {
        assert(timers !== null, `operator ${node.uid} is not keyed but uses timers`);
        return timers;
      },
      operatorState,
      accumulators: environment.accumulators,
      strict: environment.program.settings.strict,
      afterRecord: (action) => (undo === null ? action() : undo.afterRecord(action)),
      undoable: undo !== null,
      print: (line) => environment.print(line),
    };
  }

  #partition(edge: JobEdge, index: number, emissions: Emission[]): ResultPartition {
    const { program, subtask, random } = this.#environment;
    const targets = program.plan.executionGraph.channels
      .filter((channel) => channel.edge === index && channel.from === subtask)
      .map((channel) => channel.to);
    const target = implementationOf(this.#environment, edge.to);
    const keySelector: KeySelector | null =
      target.kind === "operator" ? target.keys[edge.input] : null;
    return new ResultPartition({
      edge: index,
      targets,
      select: channelSelector({
        edge,
        subtask,
        channels: targets.length,
        maxParallelism: nodeOf(this.#environment, edge.to).maxParallelism,
        keySelector,
        random,
      }),
      bufferTimeoutMs: edge.bufferTimeoutMs,
      steps: edge.watermarkSteps,
      strict: program.settings.strict,
      undoable: program.deadLetters !== null,
      emissions,
    });
  }

  /** The state of all operators at the cut; `full` writes base files (savepoints, compaction). */
  snapshot(full: (uid: string) => boolean): readonly OperatorSnapshot[] {
    return this.operators.map(({ node, state, operatorState }) => {
      let keyed: OperatorSnapshot["keyed"] = null;
      if (state !== null && full(node.uid)) keyed = { kind: "base", bytes: state.snapshotFull() };
      else if (state !== null) {
        const bytes = state.snapshotDelta();
        if (bytes !== null) keyed = { kind: "segment", bytes };
      }
      return { uid: node.uid, keyed, operatorState: operatorState.snapshot() };
    });
  }
}

function nodeOf(environment: TaskEnvironment, uid: string): OperatorNode {
  const node = environment.program.plan.streamGraph.operators.find((each) => each.uid === uid);
  assert(node !== undefined, `operator ${uid} is in the plan`);
  return node;
}

function implementationOf(environment: TaskEnvironment, uid: string): Implementation {
  const implementation = environment.program.implementations.get(uid);
  assert(implementation !== undefined, `operator ${uid} has an implementation`);
  return implementation;
}

function unclaimedState(uid: string, names: readonly string[]): RestoreError {
  return new RestoreError(
    `the checkpoint has state that the job no longer declares: ${names.join(", ")}`,
    {
      code: "RESTORE_UNCLAIMED_STATE",
      where: { operator: uid },
      hint: "declare it again, or allow its loss with --allow-non-restored-state",
    },
  );
}
