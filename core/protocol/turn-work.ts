import { assert } from "../assert.ts";
import { limits } from "../limits.ts";
import type { Emission } from "../runtime/task-output.ts";
import { addressName } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Control, FromCoordinator } from "./control.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import type { Leaving } from "./held-back.ts";
import { BodyWriter } from "./message.ts";
import type { Effect } from "./outbox.ts";

/** What one turn of a task collects. */
export class TurnWork {
  /** By place in the list of peers. */
  readonly outputs: Map<number, BodyWriter> = new Map();
  readonly controls: { readonly to: number; readonly control: Control }[] = [];
  readonly effects: Effect[] = [];
  /** Checkpoints that are known to be complete. */
  readonly notified: number[] = [];
  trigger: (FromCoordinator & { readonly kind: "trigger" }) | null = null;
  wakeUp: number | null = null;
  wakeTaken = false;
  /** A stop has failed: what it held up goes on. */
  resumed = false;
  /** The engine had a turn, so that `wakeUp` is known. */
  ran = false;
  active = false;
  cut = 0;
}

/** Which peer an element of an edge goes to. */
export class OutputRouter {
  readonly #topology: JobTopology;
  readonly #peers: Peers;

  constructor(topology: JobTopology, peers: Peers) {
    this.#topology = topology;
    this.#peers = peers;
  }

  /** Appends elements to the messages of a turn, in their order. */
  route(emissions: readonly Emission[], work: TurnWork): void {
    for (const { edge, to, element } of inOrder(emissions)) {
      const peer = this.#peerOf(edge, to);
      let body = work.outputs.get(peer);
      if (body === undefined) {
        body = new BodyWriter();
        work.outputs.set(peer, body);
      }
      body.element(edge, element);
    }
  }

  /** For output that is held back: it joins a message that stays one when the most of it joins. */
  leaving(work: TurnWork): Leaving {
    const lengthMax = limits.messageBytesMax - limits.heldOutputBytesMax;
    return {
      joins: (edge, to) => {
        const body = work.outputs.get(this.#peerOf(edge, to));
        return body !== undefined && body.length <= lengthMax;
      },
      route: (emissions) => this.route(emissions, work),
    };
  }

  #peerOf(edge: number, subtask: number): number {
    const vertex = this.#topology.program.plan.jobGraph.edges[edge]?.toVertex ?? "";
    const peer = this.#peers.index.get(addressName({ vertex, subtask }));
    assert(peer !== undefined, `${vertex}/${subtask} is a peer`);
    return peer;
  }
}

/** As they were emitted; two canaries let watermarks or barriers overtake what stands before them. */
function inOrder(emissions: readonly Emission[]): readonly Emission[] {
  const overtaking = broken("watermark-ahead")
    ? "watermark"
    : broken("held-back-behind-barrier")
      ? "barrier"
      : null;
  if (overtaking === null) return emissions;
  const first = (emission: Emission): number => (emission.element.kind === overtaking ? 0 : 1);
  return emissions.toSorted((left, right) => first(left) - first(right));
}
