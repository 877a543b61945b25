import { fromBytes, toBytes } from "../record/index.ts";
import type { InputGate } from "../runtime/input-gate.ts";

/** An element behind a barrier of its channel, or behind another held one. */
export interface HeldElement {
  readonly peer: number;
  /** Of the message it came in. */
  readonly sequence: number;
  readonly edge: number;
  /** Of the task's gate. */
  readonly channel: number;
  readonly bytes: Uint8Array;
  /** The first record that was not processed. */
  readonly from: number;
}

export const HELD_SECTION = "held";

/**
 * Input that was taken and not processed, because its channel waits for barriers of others. Part of
 * what a turn commits, and of no checkpoint: all of it is behind the cut (P7).
 *
 *   HI1  elements of a channel keep their order: what comes after a held one is held too
 *   HI2  the messages of held elements count as not consumed (I-HELD)
 */
export class HeldInput {
  readonly #elements: HeldElement[];
  #changed = false;

  constructor(stored: Uint8Array | null) {
    this.#elements =
      stored === null
        ? []
        : (fromBytes(stored) as readonly Stored[]).map((each) => elementOf(each));
  }

  get length(): number {
    return this.#elements.length;
  }

  has(channel: number): boolean {
    return this.#elements.some((each) => each.channel === channel);
  }

  /** Whether an element waits that nothing holds any more. */
  releasable(gate: InputGate): boolean {
    return this.#elements.some(({ channel }) => !gate.isBlocked(channel));
  }

  push(element: HeldElement): void {
    this.#elements.push(element);
    this.#changed = true;
  }

  /** The oldest element that nothing holds, taken out; null: there is none. */
  take(gate: InputGate): HeldElement | null {
    const at = this.#elements.findIndex(({ channel }) => !gate.isBlocked(channel));
    if (at < 0) return null;
    this.#changed = true;
    return this.#elements.splice(at, 1)[0] ?? null;
  }

  /** Puts back an element that was processed up to `from`. */
  putBack(element: HeldElement, from: number): void {
    this.#elements.unshift({ ...element, from });
    this.#changed = true;
  }

  /** By peer: its oldest message of which something is held. */
  oldest(): ReadonlyMap<number, number> {
    const oldest = new Map<number, number>();
    for (const { peer, sequence } of this.#elements) {
      oldest.set(peer, Math.min(oldest.get(peer) ?? Infinity, sequence));
    }
    return oldest;
  }

  /** The bytes of everything, if it changed since the last call; null: it did not. */
  takeChange(): Uint8Array | null {
    if (!this.#changed) return null;
    this.#changed = false;
    return toBytes(
      this.#elements.map(({ peer, sequence, edge, channel, bytes, from }): Stored => [
        peer,
        sequence,
        edge,
        channel,
        bytes,
        from,
      ]),
    );
  }
}

type Stored = readonly [
  peer: number,
  sequence: number,
  edge: number,
  channel: number,
  bytes: Uint8Array,
  from: number,
];

function elementOf([peer, sequence, edge, channel, bytes, from]: Stored): HeldElement {
  return { peer, sequence, edge, channel, bytes, from };
}
