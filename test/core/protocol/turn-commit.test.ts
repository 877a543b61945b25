import { describe, expect, test } from "vitest";
import type { InboxResult } from "../../../core/protocol/inbox.ts";
import type { Peers } from "../../../core/protocol/job-topology.ts";
import type { LedgerEntry } from "../../../core/protocol/ledger-entry.ts";
import { readBody } from "../../../core/protocol/message.ts";
import { initialProtocolState } from "../../../core/protocol/protocol-state.ts";
import type { ProtocolState } from "../../../core/protocol/protocol-state.ts";
import { Sections } from "../../../core/protocol/sections.ts";
import type { StoredSubtask } from "../../../core/protocol/subtask-store.ts";
import { type PreparedTurn, TurnCommit, hashOf } from "../../../core/protocol/turn-commit.ts";
import type { UnitResult } from "../../../core/protocol/unit.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { MemoryDelayQueue } from "../../../infra/memory/memory-delay-queue.ts";
import { MemoryFifoQueues } from "../../../infra/memory/memory-fifo-queues.ts";
import { MemoryLedger } from "../../../infra/memory/memory-ledger.ts";
import { MemoryNumberSets } from "../../../infra/memory/memory-number-sets.ts";
import { MemoryRecordStore } from "../../../infra/memory/memory-record-store.ts";

const clock = { now: () => 1_000 };
const addresses = [
  { vertex: ":coordinator", subtask: 0 },
  { vertex: "me", subtask: 0 },
  { vertex: "next", subtask: 0 },
];
const peers: Peers = {
  addresses,
  index: new Map(addresses.map(({ vertex, subtask }, place) => [`${vertex}/${subtask}`, place])),
  self: 1,
  receivers: [2],
};
const SELF = 1;

const nothing: UnitResult = {
  changes: [],
  effects: [],
  outputs: new Map(),
  controls: [],
  wakeUp: null,
  keepsWake: false,
  pending: false,
  heldFrom: new Map(),
  active: false,
  cut: 0,
  files: null,
  objects: [],
};

const taken: InboxResult = {
  received: [0, 0, 0],
  partial: null,
  early: [],
  earlyDue: false,
  wakeTaken: false,
  started: null,
  done: 1,
  left: 0,
  witness: true,
  tookAny: true,
  starved: false,
  buffered: 0,
  gaps: [],
};

/** Prepares a turn of the subtask `me` with what is said of it. */
function prepared(
  result: Partial<UnitResult>,
  inbox: Partial<InboxResult> = {},
  state: Partial<ProtocolState> = {},
): PreparedTurn {
  const commit = new TurnCommit({
    ports: {
      clock,
      random: { next: () => 0.5 },
      queues: new MemoryFifoQueues(clock),
      delays: new MemoryDelayQueue(clock),
      ledger: new MemoryLedger(),
      records: new MemoryRecordStore(),
      sets: new MemoryNumberSets(),
      blobs: new MemoryBlobStore(),
    },
    codeHash: "",
    partition: "job/1/me/0",
    address: { vertex: "me", subtask: 0 },
    peers,
  });
  const head: LedgerEntry = {
    kind: "genesis",
    commitId: "g",
    committedAtMs: 0,
    codeHash: "",
    planHash: "",
    base: 0,
    hands: [],
    consumed: [],
    files: [],
    cut: 0,
    next: 0,
    body: { kind: "inline", delta: new Uint8Array(), outbox: new Uint8Array() },
  };
  const stored: StoredSubtask = {
    version: 0,
    head,
    sections: new Sections(),
    files: [],
    entriesSinceBase: 0,
    base: 0,
    protocol: { ...initialProtocolState(addresses.length), ...state },
  };
  return commit.prepare({
    stored,
    commitId: "c",
    result: { ...nothing, ...result },
    inbox: { ...taken, ...inbox },
    messageIds: ["m1", "m2", "m3"],
  });
}

function continues({ outbox }: PreparedTurn): boolean {
  return outbox.messages.some(
    ({ to, body }) =>
      to === SELF &&
      readBody(body).some((item) => item.kind === "control" && item.control.kind === "continue"),
  );
}

describe("a turn that is committed", () => {
  test.each<[string, boolean, Partial<UnitResult>, Partial<InboxResult>, Partial<ProtocolState>]>([
    ["no work is left", false, {}, {}, {}],
    ["work is left", true, { pending: true }, {}, {}],
    // A later turn of an invocation has fewer messages than are in hand (long run, seed 1000023).
    ["work is left, behind an earlier turn's messages", true, { pending: true }, { done: 1 }, {}],
    ["a message that stays carries the work", false, { pending: true }, { left: 1 }, {}],
    [
      "a continue is on its way",
      false,
      { pending: true },
      {},
      { sent: [0, 4, 0], received: [0, 3, 0] },
    ],
  ])("sends itself a continue exactly if need be: %s", (_, expected, result, inbox, state) => {
    const received = state.received ?? [0, 0, 0];
    expect(continues(prepared(result, { received, ...inbox }, state))).toBe(expected);
  });

  test("lists all messages in hand, also those of earlier turns and those that it left", () => {
    const { entry } = prepared({}, { left: 2 });
    expect(entry.hands).toEqual(["m1", "m2", "m3"].map(hashOf));
  });

  const armed = { number: 3, timeMs: 500, armed: true };
  test.each<
    [string, Partial<UnitResult>, Partial<InboxResult>, ProtocolState["wake"], number | null]
  >([
    ["arms one", { wakeUp: 700 }, {}, { number: 0, timeMs: 0, armed: false }, 700],
    ["keeps an earlier one", { wakeUp: 700 }, {}, armed, null],
    ["arms an earlier one", { wakeUp: 400 }, {}, armed, 400],
    ["arms again what was taken", { wakeUp: 700 }, { wakeTaken: true }, armed, 700],
    ["arms none without need", {}, {}, armed, null],
    ["keeps what the unit did not look at", { wakeUp: 100, keepsWake: true }, {}, armed, null],
  ])("has at most one wake-up: it %s", (_, result, inbox, wake, expected) => {
    const { outbox, protocol } = prepared(result, inbox, { wake });
    expect(outbox.wake?.timeMs ?? null).toBe(expected);
    if (expected !== null)
      expect(protocol.wake).toMatchObject({ number: wake.number + 1, armed: true });
    if (outbox.wake !== null) expect(outbox.wake.number).toBe(protocol.wake.number);
  });

  test("announces activity once, until its next cut", () => {
    const actives = ({ outbox }: PreparedTurn): number =>
      outbox.messages.filter(({ to }) => to === 0).length;
    expect(actives(prepared({ active: true }))).toBe(1);
    expect(actives(prepared({ active: true }, {}, { announced: true }))).toBe(0);
    const cut = prepared({ active: true, cut: 5 }, {}, { announced: true });
    expect(cut.protocol).toMatchObject({
      announced: false,
      lastCut: { version: 1, checkpoint: 5 },
    });
  });

  test("counts what is held back as not consumed", () => {
    const { entry } = prepared({ heldFrom: new Map([[2, 4]]) }, { received: [1, 0, 6] });
    expect(entry.consumed).toEqual([1, 0, 3]);
  });
});
