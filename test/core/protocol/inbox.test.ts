import { describe, expect, test } from "vitest";
import { limits } from "../../../core/limits.ts";
import { type Hand, Inbox, type InboxItem } from "../../../core/protocol/inbox.ts";
import type { Peers } from "../../../core/protocol/job-topology.ts";
import { BodyWriter, type MessageContent } from "../../../core/protocol/message.ts";
import {
  type EarlyMessage,
  type ProtocolState,
  initialProtocolState,
} from "../../../core/protocol/protocol-state.ts";
import { errorOf } from "../record/error-of.ts";

const addresses = [
  { vertex: ":coordinator", subtask: 0 },
  { vertex: "me", subtask: 0 },
  { vertex: "a", subtask: 0 },
  { vertex: "b", subtask: 0 },
];
const peers: Peers = {
  addresses,
  index: new Map(addresses.map(({ vertex, subtask }, place) => [`${vertex}/${subtask}`, place])),
  self: 1,
  receivers: [],
};
const A = 2;
const B = 3;

/** A message of peer `a` or `b` with as many one-record batches as it says. */
function data(vertex: "a" | "b", sequence: number, batches = 1): Hand {
  const writer = new BodyWriter();
  for (let i = 0; i < batches; i += 1) {
    writer.element(0, { kind: "records", values: [`${vertex}${sequence}.${i}`], timestamps: [0] });
  }
  return hand(
    {
      kind: "channel",
      from: { vertex, subtask: 0 },
      sequence,
      data: true,
      body: { kind: "inline", bytes: writer.toBytes() },
    },
    writer.toBytes(),
  );
}

function earlyOf(vertex: "a" | "b", sequence: number): EarlyMessage {
  const body = data(vertex, sequence).body ?? new Uint8Array();
  return { peer: vertex === "a" ? A : B, sequence, data: true, body };
}

function control(sequence: number): Hand {
  const writer = new BodyWriter();
  writer.control({ kind: "notify", checkpoint: sequence, answer: false });
  const from = { vertex: ":coordinator", subtask: 0 };
  const body = { kind: "inline", bytes: writer.toBytes() } as const;
  return hand({ kind: "channel", from, sequence, data: false, body }, writer.toBytes());
}

function own(sequence: number): Hand {
  const writer = new BodyWriter();
  writer.control({ kind: "continue" });
  const from = { vertex: "me", subtask: 0 };
  const body = { kind: "inline", bytes: writer.toBytes() } as const;
  return hand({ kind: "channel", from, sequence, data: true, body }, writer.toBytes());
}

function hand(content: MessageContent, body: Uint8Array | null = null): Hand {
  return { messageId: "m", content, body };
}

function inbox(hands: readonly Hand[], state: Partial<ProtocolState> = {}, credit = true): Inbox {
  return new Inbox({
    hands,
    state: { ...initialProtocolState(addresses.length), ...state },
    peers,
    credit,
    earlyMax: limits.reorderMessagesMax,
    needsCredit: (content) =>
      content.kind === "wake" || (content.kind === "channel" && content.data),
  });
}

function shown(item: InboxItem): string {
  if (item.kind === "element") return `${addresses[item.peer]?.vertex}${item.sequence}`;
  return item.kind === "control" ? item.control.kind : item.kind;
}

/** Takes up to `count` items; gives what they were. */
function take(from: Inbox, count = Infinity): readonly string[] {
  const taken: string[] = [];
  while (taken.length < count) {
    const item = from.peek();
    if (item === null) break;
    taken.push(shown(item));
    from.take();
  }
  return taken;
}

const received = (a: number, b = 0): readonly number[] => [0, 0, a, b];

describe("an inbox", () => {
  test.each<[string, readonly Hand[], Partial<ProtocolState>, readonly string[], number]>([
    [
      "takes messages in order",
      [data("a", 1), data("b", 1), data("a", 2)],
      {},
      ["a1", "b1", "a2"],
      3,
    ],
    [
      "drops what it has received",
      [data("a", 1), data("a", 2)],
      { received: received(1) },
      ["a2"],
      2,
    ],
    ["drops a second copy in hand", [data("a", 1), data("a", 1)], {}, ["a1"], 2],
    ["drops a wake-up that is not armed", [hand({ kind: "wake", number: 1 })], {}, [], 1],
    [
      "drops a wake-up of an earlier arming",
      [hand({ kind: "wake", number: 1 })],
      { wake: { number: 2, timeMs: 0, armed: true } },
      [],
      1,
    ],
    [
      "takes the armed wake-up once",
      [hand({ kind: "wake", number: 2 }), hand({ kind: "wake", number: 2 })],
      { wake: { number: 2, timeMs: 0, armed: true } },
      ["wake"],
      2,
    ],
    [
      "drops a start that it had",
      [hand({ kind: "start", restoreId: "r" })],
      { started: "r" },
      [],
      1,
    ],
    [
      "takes a start once",
      [hand({ kind: "start", restoreId: "r" }), hand({ kind: "start", restoreId: "r" })],
      {},
      ["start"],
      2,
    ],
    ["takes all items of a message", [data("a", 1, 3)], {}, ["a1", "a1", "a1"], 1],
  ])("%s", (_, hands, state, items, done) => {
    const from = inbox(hands, state);
    expect(take(from)).toEqual(items);
    const result = from.finish();
    expect(result.done).toBe(done);
    expect(result.tookAny).toBe(items.length > 0);
    expect(result.witness).toBe(items.length > 0);
  });

  test("leaves what needs credit, and all behind it", () => {
    const from = inbox([control(1), data("a", 1), control(2)], {}, false);
    expect(take(from)).toEqual(["notify"]);
    expect(from.finish()).toMatchObject({ done: 1, received: [1, 0, 0, 0], witness: true });
  });

  test("goes on in the middle of a message that was left", () => {
    const first = inbox([data("a", 1, 3), data("a", 2)]);
    take(first, 2);
    first.leave(7);
    const left = first.finish();
    expect(left).toMatchObject({
      done: 0,
      received: received(0),
      partial: { peer: A, sequence: 1, item: 1, record: 7 },
      witness: true,
    });
    const second = inbox([data("a", 1, 3), data("a", 2)], { partial: left.partial });
    expect(second.peek()).toMatchObject({ kind: "element", sequence: 1, from: 7 });
    expect(take(second)).toEqual(["a1", "a1", "a2"]);
    expect(second.finish()).toMatchObject({ done: 2, received: received(2), partial: null });
  });

  test("gives a message back whose only batch was left", () => {
    const from = inbox([data("a", 1)]);
    take(from, 1);
    from.leave(3);
    expect(from.finish()).toMatchObject({
      done: 0,
      received: received(0),
      partial: { peer: A, sequence: 1, item: 0, record: 3 },
    });
  });

  test("stops between the items of a message", () => {
    const from = inbox([data("a", 1, 2)]);
    take(from, 1);
    from.stop();
    expect(from.peek()).toBeNull();
    expect(from.finish()).toMatchObject({
      done: 0,
      partial: { peer: A, sequence: 1, item: 1, record: 0 },
    });
  });

  test("keeps what is early until what is missing has come", () => {
    const first = inbox([data("a", 3), data("b", 1), data("a", 2)]);
    expect(take(first)).toEqual(["b1"]);
    const kept = first.finish();
    expect(kept).toMatchObject({
      done: 3,
      gaps: [A],
      buffered: 2,
      received: received(0, 1),
      witness: true,
    });
    expect(kept.early.map(({ sequence }) => sequence)).toEqual([3, 2]);
    const second = inbox([data("a", 1), data("b", 2)], {
      early: kept.early,
      received: kept.received,
    });
    expect(take(second)).toEqual(["a1", "a2", "a3", "b2"]);
    expect(second.finish()).toMatchObject({
      early: [],
      received: received(3, 2),
      gaps: [],
      buffered: 0,
    });
  });

  test("has no witness in an early message that comes again, nor in one that is kept", () => {
    const early = [earlyOf("b", 1), earlyOf("a", 3)];
    const from = inbox([data("a", 3), data("a", 1)], { early, received: received(1, 0) });
    expect(from.peek()).toBeNull();
    expect(from.finish()).toMatchObject({
      done: 2,
      witness: false,
      earlyDue: true,
      gaps: [],
      early,
    });
  });

  test("takes what it tells itself though something before it is missing", () => {
    const from = inbox([own(3), own(2)]);
    expect(take(from)).toEqual(["continue"]);
    expect(from.finish()).toMatchObject({ done: 2, early: [], gaps: [], received: [0, 3, 0, 0] });
  });

  test("says that an early message is next, but not taken yet", () => {
    const from = inbox([data("a", 1), data("b", 1)], { early: [earlyOf("a", 2)] });
    expect(take(from, 1)).toEqual(["a1"]);
    from.stop();
    expect(from.finish()).toMatchObject({ done: 1, left: 1, earlyDue: true });
  });

  test("puts back an early message that was not finished", () => {
    const early = [{ ...earlyOf("b", 2), body: data("b", 2, 2).body ?? new Uint8Array() }];
    const from = inbox([data("b", 1)], { early });
    expect(take(from, 2)).toEqual(["b1", "b2"]);
    from.leave(5);
    const left = from.finish();
    expect(left).toMatchObject({ partial: { peer: B, sequence: 2, item: 0, record: 5 } });
    expect(left.early).toEqual(early);
    const again = inbox([control(1)], { ...left, wake: { number: 0, timeMs: 0, armed: false } });
    expect(again.peek()).toMatchObject({ kind: "element", peer: B, from: 5 });
    expect(take(again)).toEqual(["b2", "b2", "notify"]);
  });

  test("refuses more early messages than it may keep, by name", () => {
    const hands = Array.from({ length: limits.reorderMessagesMax + 1 }, (_, i) => data("a", i + 2));
    expect(errorOf(() => take(inbox(hands))).code).toBe("LIMIT_REORDER_MESSAGES");
  });

  test("has taken an early message, though it has no item to show", () => {
    const from = inbox([data("a", 2)]);
    expect(from.peek()).toBeNull();
    expect(from.tookAny).toBe(true);
    expect(from.finish()).toMatchObject({ done: 1, witness: true, gaps: [A] });
  });

  test("has no witness in messages that are no-ops for ever", () => {
    const from = inbox([data("a", 1)], { received: received(4) });
    expect(from.peek()).toBeNull();
    expect(from.finish()).toMatchObject({ done: 1, witness: false, tookAny: false });
  });

  test("has a witness in a message that nobody has consumed, though it is not taken", () => {
    expect(inbox([data("a", 1)]).finish()).toMatchObject({
      done: 0,
      witness: true,
      tookAny: false,
    });
  });
});
