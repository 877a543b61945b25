import type { SubtaskAcknowledgement } from "../checkpoint/assemble-operators.ts";
import { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import { AcknowledgementReader } from "./acknowledgement-reader.ts";
import { CheckpointStore } from "./checkpoint-store.ts";
import { CoordinatorPeers } from "./coordinator-peers.ts";
import { decodeCoordinatorState } from "./coordinator-state.ts";
import { CoordinatorUnit } from "./coordinator-unit.ts";
import { EnumeratorHost, enumeratorSection } from "./enumerator-host.ts";
import type { FunctionPorts } from "./function.ts";
import type { JobTopology } from "./job-topology.ts";
import type { Sections } from "./sections.ts";
import type { Unit, UnitFactory, UnitState } from "./unit.ts";

export interface CoordinatorFactoryOptions {
  readonly topology: JobTopology;
  readonly ports: Pick<FunctionPorts, "blobs" | "ledger" | "sets">;
  readonly runId: string;
  readonly generation: number;
  readonly codeHash: string;
  readonly ledgerKeptMs: number;
  /** Cuts are acknowledged in sets. */
  readonly usesSets: boolean;
}

/** Makes the live coordinator of a job from its state at a version. */
export class CoordinatorFactory implements UnitFactory {
  readonly #options: CoordinatorFactoryOptions;
  readonly #peers: CoordinatorPeers;
  readonly #store: CheckpointStore;
  readonly #acknowledgements: AcknowledgementReader;

  constructor(options: CoordinatorFactoryOptions) {
    const { topology, ports, generation } = options;
    const { job } = topology;
    const { blobs } = ports;
    this.#options = options;
    this.#peers = new CoordinatorPeers(topology);
    this.#store = new CheckpointStore({ ...options, blobs, plan: topology.program.plan });
    this.#acknowledgements = new AcknowledgementReader({
      ports,
      job,
      generation,
      peers: this.#peers,
    });
  }

  create({ sections }: UnitState): Promise<Unit> {
    const { topology } = this.#options;
    const { firstCheckpoint } = decodeCoordinatorState(sections);
    const unit = new CoordinatorUnit({
      job: topology.job,
      peers: this.#peers,
      store: this.#store,
      sections,
      ledgerKeptMs: this.#options.ledgerKeptMs,
      acknowledgements: this.#acknowledgements,
      usesSets: this.#options.usesSets,
      checkpoints: new CheckpointCoordinator<SubtaskAcknowledgement>({
        settings: topology.program.settings.checkpointing,
        subtasks: this.#peers.tasks,
        firstCheckpoint,
      }),
      enumerators: this.#enumerators(sections),
    });
    return Promise.resolve(unit);
  }

  /** One for every source, in the order of the plan. */
  #enumerators(sections: Sections): readonly EnumeratorHost[] {
    const { plan, implementations } = this.#options.topology.program;
    const hosts: EnumeratorHost[] = [];
    for (const { id, parallelism } of plan.jobGraph.vertices) {
      const implementation = implementations.get(id);
      if (implementation?.kind !== "source") continue;
      const { source } = implementation;
      const stored = sections.single(enumeratorSection(id));
      hosts.push(new EnumeratorHost({ uid: id, source, parallelism, stored }));
    }
    return hosts;
  }
}
