import { assert } from "../assert.ts";
import type { JobVertex } from "../plan/plan.ts";
import type { Program } from "../runtime/program.ts";
import { type Address, COORDINATOR, addressName, isCoordinator } from "./address.ts";
import { sinkKind } from "./sink-outputs.ts";

/** Place of the coordinator in every list of peers. */
export const COORDINATOR_PEER = 0;

/** Who a subtask talks to. Both lists follow from the plan alone, so all functions agree on them. */
export interface Peers {
  /**
   * Everybody it sends to or receives from: the coordinator, itself, senders, receivers. A place in
   * this list stands for the address in ledgers and outboxes.
   */
  readonly addresses: readonly Address[];
  readonly index: ReadonlyMap<string, number>;
  /** Its own place. */
  readonly self: number;
  /** Places of the receivers of its data: the channels that have credits (P11). */
  readonly receivers: readonly number[];
}

/** Which subtasks a job has, and which of them talk to each other. */
export class JobTopology {
  readonly program: Program;
  readonly #peers = new Map<string, Peers>();
  readonly #vertices: ReadonlyMap<string, JobVertex>;

  constructor(program: Program) {
    this.program = program;
    this.#vertices = new Map(
      program.plan.jobGraph.vertices.map((vertex) => [vertex.id, vertex] as const),
    );
  }

  get job(): string {
    return this.program.plan.job;
  }

  /** All subtasks but the coordinator. */
  get subtasks(): readonly Address[] {
    return this.program.plan.executionGraph.subtasks.map(({ vertex, index }) => ({
      vertex,
      subtask: index,
    }));
  }

  vertex(id: string): JobVertex {
    const vertex = this.#vertices.get(id);
    assert(vertex !== undefined, `vertex ${id} is in the plan`);
    return vertex;
  }

  has({ vertex, subtask }: Address): boolean {
    return subtask < (this.#vertices.get(vertex)?.parallelism ?? 0);
  }

  isSource(vertex: string): boolean {
    return this.program.implementations.get(vertex)?.kind === "source";
  }

  /** The uids of a vertex's sinks that publish when a checkpoint completes. */
  twoPhaseSinks(vertex: string): readonly string[] {
    return this.vertex(vertex).operators.filter((uid) => {
      const implementation = this.program.implementations.get(uid);
      return implementation?.kind === "sink" && sinkKind(implementation.sink) === "two-phase";
    });
  }

  peers(address: Address): Peers {
    const name = addressName(address);
    let peers = this.#peers.get(name);
    if (peers === undefined) {
      peers = isCoordinator(address) ? this.#ofCoordinator() : this.#ofTask(address);
      this.#peers.set(name, peers);
    }
    return peers;
  }

  #ofCoordinator(): Peers {
    return peersOf(COORDINATOR, [COORDINATOR, ...this.subtasks], []);
  }

  #ofTask(address: Address): Peers {
    const { jobGraph, executionGraph } = this.program.plan;
    const senders: Address[] = [];
    const receivers: Address[] = [];
    for (const { edge, from, to } of executionGraph.channels) {
      const jobEdge = jobGraph.edges[edge];
      if (jobEdge === undefined) continue;
      if (jobEdge.toVertex === address.vertex && to === address.subtask) {
        senders.push({ vertex: jobEdge.fromVertex, subtask: from });
      }
      if (jobEdge.fromVertex === address.vertex && from === address.subtask) {
        receivers.push({ vertex: jobEdge.toVertex, subtask: to });
      }
    }
    return peersOf(address, [COORDINATOR, address, ...senders, ...receivers], receivers);
  }
}

function peersOf(self: Address, all: readonly Address[], receivers: readonly Address[]): Peers {
  const index = new Map<string, number>();
  const addresses: Address[] = [];
  for (const address of all) {
    const name = addressName(address);
    if (index.has(name)) continue;
    index.set(name, addresses.length);
    addresses.push(address);
  }
  const places = new Set(receivers.map((address) => index.get(addressName(address)) ?? 0));
  const place = index.get(addressName(self)) ?? 0;
  return { addresses, index, self: place, receivers: [...places] };
}
