import { assert } from "../assert.ts";
import { type Address, COORDINATOR, addressName, isCoordinator } from "./address.ts";
import type { JobTopology } from "./job-topology.ts";

/** Somebody who hears of completed checkpoints. */
export interface Listener {
  readonly to: number;
  /** It has a two-phase sink, so it publishes then. */
  readonly publishes: boolean;
}

/** The tasks of a job as their coordinator sees them. Numbers are places in its list of peers. */
export class CoordinatorPeers {
  readonly #addresses: readonly Address[];
  readonly #index: ReadonlyMap<string, number>;
  readonly tasks: readonly Address[];
  /** All subtasks of all sources. */
  readonly sources: readonly number[];
  readonly listeners: readonly Listener[];
  /** Names of the subtasks with a two-phase sink. */
  readonly publishers: readonly string[];

  constructor(topology: JobTopology) {
    const { addresses, index } = topology.peers(COORDINATOR);
    this.#addresses = addresses;
    this.#index = index;
    this.tasks = addresses.filter((address) => !isCoordinator(address));
    this.sources = this.#places(({ vertex }) => topology.isSource(vertex));
    const publishes = ({ vertex }: Address): boolean => topology.twoPhaseSinks(vertex).length > 0;
    this.listeners = this.tasks
      .filter((task) => topology.isSource(task.vertex) || publishes(task))
      .map((task) => ({ to: this.place(task), publishes: publishes(task) }));
    this.publishers = this.tasks.filter(publishes).map(addressName);
  }

  /** How many there are, the coordinator itself too. */
  get count(): number {
    return this.#addresses.length;
  }

  address(place: number): Address {
    const address = this.#addresses[place];
    assert(address !== undefined, `${place} is a place in the list of peers`);
    return address;
  }

  place(address: Address): number {
    const place = this.#index.get(addressName(address));
    assert(place !== undefined, `${addressName(address)} is a peer of the coordinator`);
    return place;
  }

  #places(wanted: (task: Address) => boolean): readonly number[] {
    return this.tasks.filter(wanted).map((task) => this.place(task));
  }
}
