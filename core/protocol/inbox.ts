import { assert, assertNever } from "../assert.ts";
import { LimitError } from "../errors.ts";
import { addressName } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Command, Control } from "./control.ts";
import type { Peers } from "./job-topology.ts";
import { type BodyItem, type ChannelMessage, type MessageContent, readBody } from "./message.ts";
import type { EarlyMessage, PartialMessage, ProtocolState } from "./protocol-state.ts";

/** A message of the batch, decoded. */
export interface Hand {
  readonly messageId: string;
  readonly content: MessageContent;
  /** The body of a channel message, fetched if it lies in an object; null for other kinds. */
  readonly body: Uint8Array | null;
}

/** What a unit takes in, one by one, in the order of the group. */
export type InboxItem =
  | {
      readonly kind: "element";
      readonly peer: number;
      readonly sequence: number;
      readonly edge: number;
      readonly bytes: Uint8Array;
      /** The first record that was not processed by an earlier turn. */
      readonly from: number;
    }
  | { readonly kind: "control"; readonly peer: number; readonly control: Control }
  | { readonly kind: "wake" }
  | { readonly kind: "start"; readonly restoreId: string }
  | { readonly kind: "command"; readonly requestId: string; readonly command: Command }
  | { readonly kind: "acknowledged"; readonly checkpoint: number };

/** What became of the messages in hand. */
export interface InboxResult {
  readonly received: readonly number[];
  readonly partial: PartialMessage | null;
  readonly early: readonly EarlyMessage[];
  /** One of them is next, but the turn ended before it: no message carries it (H6). */
  readonly earlyDue: boolean;
  readonly wakeTaken: boolean;
  readonly started: string | null;
  /** How many of the messages, from the first, are consumed or no-ops for ever. */
  readonly done: number;
  /** How many stay with the queue. */
  readonly left: number;
  /** Some message in hand was consumed by no entry before this turn (I-WITNESS). */
  readonly witness: boolean;
  /** Some message was consumed by this turn. */
  readonly tookAny: boolean;
  /** A message was left for want of credit. */
  readonly starved: boolean;
  /** Messages that came early, and went into the reorder buffer. */
  readonly buffered: number;
  /** Peers of which a message is missing: they are asked for `repair`. */
  readonly gaps: readonly number[];
}

/** A channel message that is being walked through. */
interface Open {
  readonly peer: number;
  readonly sequence: number;
  readonly data: boolean;
  readonly body: Uint8Array;
  readonly items: readonly BodyItem[];
  next: number;
  record: number;
}

/**
 * The messages of one group in the hands of a turn: drops what is old, buffers what is early, and
 * hands out the items of the rest (P3.3).
 *
 *   I1  a message takes effect once: channel messages in the order of their numbers, other kinds by
 *       what they carry (I-ONCE)
 *   I2  what is not taken, and everything behind it, stays with the queue
 *   I3  a message that needs credit is not taken without it, and nothing behind it (P11.2)
 *   I4  a message that is only partly taken is not consumed; the next turn goes on in its middle
 *   I5  of what a subtask tells itself the latest message stands for all before it: they say `continue`
 *   I6  an early message is no witness: it is taken only in a turn that has a new one in hand (H2)
 */
export class Inbox {
  readonly #hands: readonly Hand[];
  readonly #peers: Peers;
  readonly #needsCredit: (content: MessageContent) => boolean;
  readonly #credit: boolean;
  readonly #earlyMax: number;
  readonly #received: number[];
  readonly #early: EarlyMessage[];
  readonly #gaps = new Set<number>();
  #buffered = 0;
  readonly #wake: ProtocolState["wake"];
  #partial: PartialMessage | null;
  #started: string | null;
  #wakeTaken = false;
  /** The message at work. */
  #at = 0;
  #open: Open | null = null;
  /** Whether `#open` is a message in hand, or came out of the early ones. */
  #openIsHand = false;
  #peeked: InboxItem | null = null;
  #stopped = false;
  #tookAny = false;
  #starved = false;
  #lastElement: Open | null = null;

  constructor(options: {
    readonly hands: readonly Hand[];
    readonly state: ProtocolState;
    readonly peers: Peers;
    readonly credit: boolean;
    /** Whether a message may make data; only such a one needs credit. */
    readonly needsCredit: (content: MessageContent) => boolean;
    /** Early messages that wait at most; more fail the job. */
    readonly earlyMax: number;
  }) {
    const { hands, state, peers } = options;
    this.#hands = hands;
    this.#peers = peers;
    this.#credit = options.credit;
    this.#earlyMax = options.earlyMax;
    this.#needsCredit = options.needsCredit;
    this.#received = [...state.received];
    this.#early = [...state.early];
    this.#wake = state.wake;
    this.#partial = state.partial;
    this.#started = state.started;
  }

  /** Some message was consumed, into the buffer of early ones too. */
  get tookAny(): boolean {
    return this.#tookAny;
  }

  /** The next item, or null: nothing is left, or it may not be taken now. */
  peek(): InboxItem | null {
    while (this.#peeked === null && !this.#stopped) {
      if (this.#open !== null) this.#peeked = this.#itemOf(this.#open);
      else if (!this.#openNext()) break;
    }
    return this.#peeked;
  }

  /** Takes the item that `peek` showed. `known`: it had its effect already (I1). */
  take(known = false): void {
    const item = this.#peeked;
    assert(item !== null, "I2: an item is taken after it was seen");
    this.#peeked = null;
    const open = this.#open;
    if (open !== null) {
      this.#lastElement = open;
      open.next += 1;
      open.record = 0;
      this.#tookAny = true;
      if (open.next === open.items.length) this.#close(open);
      return;
    }
    this.#at += 1;
    if (!known) this.#tookAny = true;
    if (item.kind === "wake") this.#wakeTaken = true;
    if (item.kind === "start") this.#started = item.restoreId;
  }

  /** The element that was taken last was processed up to `record`: its message stays (I4). */
  leave(record: number): void {
    const open = this.#lastElement;
    assert(open !== null && this.#peeked === null, "I4: an element was taken last");
    if (this.#open !== open) {
      this.#open = open;
      this.#received[open.peer] = open.sequence - 1;
      if (this.#openIsHand) this.#at -= 1;
    }
    open.next -= 1;
    open.record = record;
    this.#stopped = true;
  }

  /** Takes nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#peeked = null;
  }

  finish(): InboxResult {
    this.#peeked = null;
    const open = this.#open;
    if (open !== null && (open.next > 0 || open.record > 0)) {
      const { peer, sequence, next, record } = open;
      this.#partial = { peer, sequence, item: next, record };
    }
    if (open !== null && !this.#openIsHand) this.#putBack(open);
    this.#skipNoOps();
    return {
      received: this.#received,
      partial: this.#partial,
      early: this.#early,
      earlyDue: this.#early.some((each) => each.sequence <= this.#receivedOf(each.peer) + 1),
      wakeTaken: this.#wakeTaken,
      started: this.#started,
      done: this.#at,
      left: this.#hands.length - this.#at,
      witness: this.#tookAny || this.#at < this.#hands.length,
      tookAny: this.#tookAny,
      starved: this.#starved,
      buffered: this.#buffered,
      gaps: [...this.#gaps],
    };
  }

  /** Opens the next message that has an effect. False: none is left, or it must wait. */
  #openNext(): boolean {
    this.#skipNoOps();
    if (this.#mayOpenEarly() && this.#openEarly()) return true;
    const hand = this.#hands[this.#at];
    if (hand === undefined) return false;
    const { content } = hand;
    if (!this.#credit && this.#needsCredit(content)) {
      this.#stopped = true;
      this.#starved = true;
      return false;
    }
    if (content.kind === "channel") return this.#openChannel(content, hand);
    this.#peeked = itemOf(content);
    return true;
  }

  #skipNoOps(): void {
    if (this.#open !== null && this.#openIsHand) return;
    while (this.#isNoOp(this.#hands[this.#at]?.content)) this.#at += 1;
  }

  #isNoOp(content: MessageContent | undefined): boolean {
    switch (content?.kind) {
      case "channel": {
        if (broken("no-duplicate-check")) return false;
        const { sequence } = content;
        const peer = this.#peer(content);
        if (sequence <= this.#receivedOf(peer)) return true;
        return this.#early.some((each) => each.peer === peer && each.sequence === sequence);
      }
      case "wake":
        if (broken("unnumbered-wake")) return false;
        return this.#wakeTaken || !this.#wake.armed || content.number !== this.#wake.number;
      case "start":
        return content.restoreId === this.#started;
      default:
        return false;
    }
  }

  #openChannel(content: ChannelMessage, hand: Hand): boolean {
    const peer = this.#peer(content);
    const expected = this.#receivedOf(peer) + 1;
    assert(hand.body !== null, "a channel message that is taken has its body");
    if (content.sequence > expected && broken("reject-gap")) {
      this.#stopped = true;
      this.#starved = true;
      return false;
    }
    if (content.sequence > expected && peer !== this.#peers.self && !broken("accept-gap")) {
      this.#bufferEarly(peer, content, hand.body);
      return true;
    }
    this.#openIsHand = true;
    this.#begin({ peer, sequence: content.sequence, data: content.data, body: hand.body });
    return true;
  }

  #begin(message: EarlyMessage): void {
    const { peer, sequence, data, body } = message;
    const partial = this.#partial;
    const goesOn = partial !== null && partial.peer === peer && partial.sequence === sequence;
    const open: Open = {
      peer,
      sequence,
      data,
      body,
      items: readBody(body),
      next: goesOn ? partial.item : 0,
      record: goesOn ? partial.record : 0,
    };
    if (goesOn) this.#partial = null;
    if (open.items.length === 0) {
      this.#tookAny = true;
      this.#open = open;
      this.#close(open);
    } else this.#open = open;
  }

  #close(open: Open): void {
    this.#received[open.peer] = Math.max(this.#receivedOf(open.peer), open.sequence);
    this.#open = null;
    if (this.#openIsHand) this.#at += 1;
  }

  /** P3.3: consumed into committed state, until what is missing has come. */
  #bufferEarly(peer: number, content: ChannelMessage, body: Uint8Array): void {
    this.#at += 1;
    this.#tookAny = true;
    const { sequence, data } = content;
    this.#early.push({ peer, sequence, data, body });
    this.#buffered += 1;
    this.#gaps.add(peer);
    if (this.#early.length > this.#earlyMax && !broken("unbounded-reorder")) {
      const sender = addressName(this.#peers.addresses[peer] ?? { vertex: "?", subtask: 0 });
      throw tooManyEarly(sender, this.#earlyMax);
    }
  }

  /** I6; what stands first in hand is new, or nothing is in hand any more. */
  #mayOpenEarly(): boolean {
    if (this.#early.length === 0) return false;
    return this.#tookAny || this.#at < this.#hands.length || broken("early-without-witness");
  }

  #openEarly(): boolean {
    const at = this.#early.findIndex(
      ({ peer, sequence }) => sequence <= this.#receivedOf(peer) + 1,
    );
    const early = this.#early[at];
    if (early === undefined) return false;
    if (early.sequence <= this.#receivedOf(early.peer)) {
      this.#early.splice(at, 1);
      return true;
    }
    if (!this.#credit && early.data) return false;
    this.#early.splice(at, 1);
    this.#openIsHand = false;
    this.#begin(early);
    return true;
  }

  /** An early message that was not finished waits in the buffer again. */
  #putBack({ peer, sequence, data, body }: Open): void {
    this.#early.unshift({ peer, sequence, data, body });
  }

  #itemOf({ peer, sequence, items, next, record }: Open): InboxItem {
    const item = items[next];
    assert(item !== undefined, "an open message has an item left");
    if (item.kind === "control") return { kind: "control", peer, control: item.control };
    const { edge, bytes } = item;
    return { kind: "element", peer, sequence, edge, bytes, from: record };
  }

  #receivedOf(peer: number): number {
    return this.#received[peer] ?? 0;
  }

  #peer({ from }: ChannelMessage): number {
    const peer = this.#peers.index.get(addressName(from));
    assert(peer !== undefined, `${addressName(from)} is a peer`);
    return peer;
  }
}

function itemOf(content: Exclude<MessageContent, ChannelMessage>): InboxItem {
  switch (content.kind) {
    case "wake":
      return { kind: "wake" };
    case "start":
      return { kind: "start", restoreId: content.restoreId };
    case "command":
      return { kind: "command", requestId: content.requestId, command: content.command };
    case "acknowledged":
      return { kind: "acknowledged", checkpoint: content.checkpoint };
    default:
      return assertNever(content);
  }
}

function tooManyEarly(sender: string, most: number): LimitError {
  return new LimitError(
    `more than ${most} early messages, the last of ${sender}, wait for one that is missing`,
    {
      code: "LIMIT_REORDER_MESSAGES",
      hint: "a message of an internal queue was lost; restore the job from its latest checkpoint",
    },
  );
}
