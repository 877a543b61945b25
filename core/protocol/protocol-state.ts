import { fromBytes, toBytes } from "../record/index.ts";

/** Where a message that is only partly processed goes on (P3.5). */
export interface PartialMessage {
  readonly peer: number;
  readonly sequence: number;
  /** The item that is next. */
  readonly item: number;
  /** Its first record that was not processed. */
  readonly record: number;
}

/** A message that came before its predecessors (P3.3). */
export interface EarlyMessage {
  readonly peer: number;
  readonly sequence: number;
  readonly data: boolean;
  readonly body: Uint8Array;
}

/** An armed wake-up (P4). */
export interface ArmedWake {
  readonly number: number;
  readonly timeMs: number;
  readonly armed: boolean;
}

/**
 * What the protocol itself keeps of a subtask, beside the state of its unit. Part of every entry.
 *
 *   PS1  `received[p]` is the number of the last message of peer p that was consumed, `sent[p]` of
 *        the last one that was committed; both start at 0 with the generation and only grow (L4)
 *   PS2  `consumed` of the entry is `received` less what is held back (I-HELD)
 */
export interface ProtocolState {
  readonly received: readonly number[];
  readonly sent: readonly number[];
  readonly wake: ArmedWake;
  /** The restore id of the start that was taken; null: none yet. */
  readonly started: string | null;
  /** `active` was sent since the last cut. */
  readonly announced: boolean;
  readonly partial: PartialMessage | null;
  readonly early: readonly EarlyMessage[];
  /** The newest entry with a cut, and that cut; for people and tools, nothing here reads it. */
  readonly lastCut: { readonly version: number; readonly checkpoint: number };
}

export const PROTOCOL_SECTION = "protocol";

export function initialProtocolState(peers: number): ProtocolState {
  const zeros: readonly number[] = Array.from({ length: peers }, () => 0);
  return {
    received: zeros,
    sent: zeros,
    wake: { number: 0, timeMs: 0, armed: false },
    started: null,
    announced: false,
    partial: null,
    early: [],
    lastCut: { version: 0, checkpoint: 0 },
  };
}

export function encodeProtocolState(state: ProtocolState): Uint8Array {
  const { received, sent, wake, started, announced, partial, early, lastCut } = state;
  return toBytes([
    received,
    sent,
    [wake.number, wake.timeMs, wake.armed],
    started,
    announced,
    partial === null ? null : [partial.peer, partial.sequence, partial.item, partial.record],
    early.map(({ peer, sequence, data, body }) => [peer, sequence, data, body]),
    [lastCut.version, lastCut.checkpoint],
  ]);
}

type Stored = readonly [
  received: readonly number[],
  sent: readonly number[],
  wake: readonly [number, number, boolean],
  started: string | null,
  announced: boolean,
  partial: readonly [number, number, number, number] | null,
  early: readonly (readonly [number, number, boolean, Uint8Array])[],
  lastCut: readonly [number, number],
];

export function decodeProtocolState(bytes: Uint8Array): ProtocolState {
  // The entry's checksum vouches for what our own encoder wrote.
  const [received, sent, wake, started, announced, partial, early, lastCut] = fromBytes(
    bytes,
  ) as Stored;
  return {
    received,
    sent,
    wake: { number: wake[0], timeMs: wake[1], armed: wake[2] },
    started,
    announced,
    partial:
      partial === null
        ? null
        : { peer: partial[0], sequence: partial[1], item: partial[2], record: partial[3] },
    early: early.map(([peer, sequence, data, body]) => ({ peer, sequence, data, body })),
    lastCut: { version: lastCut[0], checkpoint: lastCut[1] },
  };
}
