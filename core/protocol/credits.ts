import { type Address, addressName, partitionOf } from "./address.ts";
import type { FunctionPorts } from "./function.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import { decodeEntry } from "./ledger-entry.ts";
import type { ProtocolState } from "./protocol-state.ts";
import type { TurnToken } from "./turn-token.ts";

/**
 * What receivers have consumed of a job's channels, as far as this container knows (P11).
 *
 *   I-CREDIT  an entry that sends data without a barrier or an end leaves at most `perChannel`
 *             messages of a channel that are sent and not consumed
 *   CR1  what a receiver has consumed only grows within a generation, so an old value only makes a
 *        sender ask too early; before it hands anything back it reads anew
 */
export class Credits {
  readonly perChannel: number;
  readonly #ports: FunctionPorts;
  readonly #topology: JobTopology;
  /** By generation and receiver: its `consumed` by place in its own list of peers. */
  readonly #known = new Map<string, readonly number[]>();

  constructor(ports: FunctionPorts, topology: JobTopology, perChannel: number) {
    this.perChannel = perChannel;
    this.#ports = ports;
    this.#topology = topology;
  }

  /** Whether a subtask may send one more message to each of its receivers. */
  async has(
    address: Address,
    peers: Peers,
    { sent }: ProtocolState,
    generation: number,
    token: TurnToken,
  ): Promise<boolean> {
    for (const peer of peers.receivers) {
      const receiver = peers.addresses[peer];
      if (receiver === undefined) continue;
      const out = sent[peer] ?? 0;
      if (out - this.#consumed(receiver, address, generation) < this.perChannel) continue;
      await this.#read(receiver, generation, token);
      if (out - this.#consumed(receiver, address, generation) >= this.perChannel) return false;
    }
    return true;
  }

  /** What each receiver has consumed of a subtask's messages, by place among its peers; read anew. */
  async consumedBy(
    address: Address,
    peers: Peers,
    generation: number,
    token: TurnToken,
  ): Promise<ReadonlyMap<number, number>> {
    const consumed = new Map<number, number>();
    for (const peer of peers.receivers) {
      const receiver = peers.addresses[peer];
      if (receiver === undefined) continue;
      await this.#read(receiver, generation, token);
      consumed.set(peer, this.#consumed(receiver, address, generation));
    }
    return consumed;
  }

  #consumed(receiver: Address, sender: Address, generation: number): number {
    const known = this.#known.get(keyOf(receiver, generation));
    const place = this.#topology.peers(receiver).index.get(addressName(sender));
    return place === undefined ? 0 : (known?.[place] ?? 0);
  }

  async #read(receiver: Address, generation: number, token: TurnToken): Promise<void> {
    const partition = partitionOf(this.#topology.job, generation, receiver);
    const newest = await this.#ports.ledger.newest(partition, token);
    token.check();
    if (newest === null) return;
    const { kind, consumed } = decodeEntry(newest.item);
    if (kind !== "seal") this.learn(receiver, generation, consumed);
  }

  /** What an entry that this container read or wrote says. */
  learn(receiver: Address, generation: number, consumed: readonly number[]): void {
    const key = keyOf(receiver, generation);
    const known = this.#known.get(key);
    // Two turns of the container may learn in any order (CR1).
    if (known === undefined || sum(consumed) > sum(known)) this.#known.set(key, consumed);
  }
}

function keyOf(receiver: Address, generation: number): string {
  return `${generation}/${addressName(receiver)}`;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
