import { describe, expect, test } from "vitest";
import { type Message, decodeMessage, encodeMessage } from "../../../core/protocol/message.ts";
import { BodyWriter, readBody, readElement } from "../../../core/protocol/message.ts";
import {
  type AcknowledgedOperators,
  decodeAcknowledgement,
  encodeAcknowledgement,
} from "../../../core/protocol/acknowledgement-set.ts";
import { type LedgerEntry, decodeEntry, encodeEntry } from "../../../core/protocol/ledger-entry.ts";
import { type Outbox, decodeOutbox, encodeOutbox } from "../../../core/protocol/outbox.ts";
import {
  type ProtocolState,
  decodeProtocolState,
  encodeProtocolState,
} from "../../../core/protocol/protocol-state.ts";
import {
  type SectionChange,
  Sections,
  decodeChanges,
  encodeChanges,
} from "../../../core/protocol/sections.ts";
import type { StreamElement } from "../../../core/record/index.ts";
import { seal } from "../../../core/record/index.ts";
import { packKeyedFiles } from "../../../core/state/index.ts";
import { unpackKeyedFiles } from "../../../core/state/keyed-pack.ts";
import { MAX_WATERMARK, MIN_WATERMARK, NO_TIMESTAMP } from "../../../core/timestamp.ts";
import { errorOf } from "../record/error-of.ts";
import { FixtureFile } from "../record/fixture-file.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const hex = (of: Uint8Array): string => Buffer.from(of).toString("hex");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const elements: readonly StreamElement[] = [
  {
    kind: "records",
    values: [
      { o: "JFK", d: 4 },
      { o: "LAX", d: -2 },
    ],
    timestamps: [10, NO_TIMESTAMP],
  },
  { kind: "watermark", timestamp: 1_700_000_000_000 },
  { kind: "watermark", timestamp: MIN_WATERMARK },
  { kind: "watermark", timestamp: MAX_WATERMARK },
  { kind: "status", idle: true },
  { kind: "status", idle: false },
  { kind: "barrier", checkpoint: 12 },
  { kind: "barrier", checkpoint: 13, savepoint: true },
  { kind: "end" },
];

function bodyOf(all: readonly StreamElement[]): Uint8Array {
  const writer = new BodyWriter();
  all.forEach((element, edge) => writer.element(edge, element));
  writer.control({ kind: "active" });
  return writer.toBytes();
}

const from = { vertex: "flights", subtask: 2 };
const messages: readonly (readonly [string, Message])[] = [
  [
    "channel",
    {
      job: "delays",
      generation: 3,
      content: {
        kind: "channel",
        from,
        sequence: 70_000,
        data: true,
        body: { kind: "inline", bytes: bodyOf(elements) },
      },
    },
  ],
  [
    "channel with its body elsewhere",
    {
      job: "delays",
      generation: 3,
      content: {
        kind: "channel",
        from,
        sequence: 1,
        data: false,
        body: { kind: "ref", ref: { key: "a/b", offset: 7, length: 99, checksum: 0xdeadbeef } },
      },
    },
  ],
  ["wake", { job: "delays", generation: 1, content: { kind: "wake", number: 4 } }],
  ["start", { job: "delays", generation: 1, content: { kind: "start", restoreId: "r1" } }],
  [
    "command",
    {
      job: "delays",
      generation: 2,
      content: { kind: "command", requestId: "q", command: { kind: "stop", drain: true } },
    },
  ],
  [
    "acknowledged",
    { job: "delays", generation: 2, content: { kind: "acknowledged", checkpoint: 300 } },
  ],
];

const entries: readonly (readonly [string, LedgerEntry])[] = [
  [
    "turn",
    {
      kind: "turn",
      commitId: "0123456789abcdef",
      committedAtMs: 1_700_000_000_000,
      codeHash: "code",
      planHash: "",
      base: 16,
      hands: [1, 0xffffffff],
      consumed: [0, 3, 70_000],
      files: null,
      cut: 0,
      next: 0,
      body: { kind: "inline", delta: bytes(1, 2), outbox: bytes(3) },
    },
  ],
  [
    "base with a cut",
    {
      kind: "turn",
      commitId: "0123456789abcdef",
      committedAtMs: 1_700_000_000_000,
      codeHash: "code",
      planHash: "",
      base: 17,
      hands: [],
      consumed: [],
      files: [
        { uid: "hourly", restored: [], own: [{ key: "k", kind: "base", bytes: 5, checksum: 7 }] },
      ],
      cut: 9,
      next: 0,
      body: {
        kind: "ref",
        key: "o",
        deltaBytes: 10,
        deltaChecksum: 11,
        outboxBytes: 12,
        outboxChecksum: 13,
      },
    },
  ],
  [
    "seal",
    {
      kind: "seal",
      commitId: "0123456789abcdef",
      committedAtMs: 0,
      codeHash: "",
      planHash: "",
      base: 0,
      hands: [],
      consumed: [1],
      files: null,
      cut: 0,
      next: 2,
      body: { kind: "inline", delta: bytes(), outbox: bytes() },
    },
  ],
];

const outbox: Outbox = {
  effects: [{ kind: "publish", uid: "out", committables: [{ a: 1 }] }],
  messages: [
    { to: 0, sequence: 1, data: false, body: bytes(9) },
    { to: 3, sequence: 8, data: true, body: bytes(1, 2, 3) },
  ],
  wake: { number: 2, timeMs: 1_000 },
};

const state: ProtocolState = {
  received: [0, 5],
  sent: [3, 4],
  wake: { number: 2, timeMs: 77, armed: true },
  started: "r1",
  announced: true,
  partial: { peer: 1, sequence: 6, item: 2, record: 30 },
  early: [{ peer: 1, sequence: 9, data: true, body: bytes(4, 4) }],
  lastCut: { version: 12, checkpoint: 3 },
};

const acknowledged: AcknowledgedOperators = [
  [
    "hourly",
    {
      keyedFiles: [{ key: "k", kind: "base", bytes: 5, checksum: 7 }],
      operatorState: { lists: { a: [1] }, unions: {}, broadcasts: {} },
    },
  ],
];

const changes: readonly SectionChange[] = [
  { name: "a", mode: "replace", bytes: bytes(1) },
  { name: "b", mode: "append", bytes: bytes(2, 3) },
  { name: "c", mode: "clear", bytes: bytes() },
];

describe("what a job on functions persists and sends", () => {
  const fixtures = new FixtureFile("../protocol/v1/bytes.tsv");

  test.each(messages)("the message %s keeps its bytes", (name, message) => {
    const stored = fixtures.read(`message ${name}`, hex(encodeMessage(message)));
    expect(hex(encodeMessage(message))).toBe(stored);
    expect(decodeMessage(bytesOf(stored))).toEqual(message);
  });

  test.each(entries)("the ledger entry %s keeps its bytes", (name, entry) => {
    const stored = fixtures.read(`entry ${name}`, hex(encodeEntry(entry)));
    expect(hex(encodeEntry(entry))).toBe(stored);
    expect(decodeEntry(bytesOf(stored))).toEqual(entry);
  });

  test("an outbox keeps its bytes, with its bodies where it says", () => {
    const encoded = encodeOutbox(outbox);
    const stored = fixtures.read("outbox", hex(encoded.bytes));
    expect(hex(encoded.bytes)).toBe(stored);
    expect(decodeOutbox(bytesOf(stored))).toEqual(outbox);
    outbox.messages.forEach(({ body }, index) => {
      const at = encoded.offsets[index] ?? -1;
      expect(encoded.bytes.slice(at, at + body.length)).toEqual(body);
    });
  });

  test("a protocol state keeps its bytes", () => {
    const stored = fixtures.read("protocol state", hex(encodeProtocolState(state)));
    expect(hex(encodeProtocolState(state))).toBe(stored);
    expect(decodeProtocolState(bytesOf(stored))).toEqual(state);
  });

  test("an acknowledgement in an entry keeps its bytes", () => {
    const encoded = hex(encodeAcknowledgement(acknowledged));
    const stored = fixtures.read("acknowledgement", encoded);
    expect(encoded).toBe(stored);
    expect(decodeAcknowledgement(bytesOf(stored))).toEqual(acknowledged);
  });

  test("a delta keeps its bytes", () => {
    const stored = fixtures.read("delta", hex(encodeChanges(changes)));
    expect(hex(encodeChanges(changes))).toBe(stored);
    expect(decodeChanges(bytesOf(stored))).toEqual(changes);
  });

  test("a pack of keyed files keeps its bytes, and a single file stands for itself", () => {
    const files = [seal("keyedState", 1, bytes(1)), seal("keyedState", 1, bytes(2, 2))];
    const stored = fixtures.read("keyed pack", hex(packKeyedFiles(files)));
    expect(hex(packKeyedFiles(files))).toBe(stored);
    expect(unpackKeyedFiles(bytesOf(stored))).toEqual(files);
    expect(unpackKeyedFiles(files[0] ?? bytes())).toEqual([files[0]]);
  });

  test("the elements of a body come back one by one", () => {
    const items = readBody(bodyOf(elements));
    expect(items).toHaveLength(elements.length + 1);
    items.slice(0, -1).forEach((item, index) => {
      expect(item.kind === "element" && item.edge).toBe(index);
      expect(item.kind === "element" && readElement(item.bytes)).toEqual(elements[index]);
    });
    expect(items.at(-1)).toEqual({ kind: "control", control: { kind: "active" } });
  });

  test("a message that is cut short or of another kind is refused by code", () => {
    const whole = encodeMessage(messages[0]?.[1] as Message);
    for (let end = 1; end < whole.length; end += 7) {
      expect(errorOf(() => decodeMessage(whole.subarray(0, end))).code).toBe("ENVELOPE_TRUNCATED");
    }
    expect(errorOf(() => decodeMessage(seal("metadata", 1, bytes(1)))).code).toBe("ENVELOPE_KIND");
    expect(errorOf(() => decodeMessage(seal("message", 2, bytes(1)))).code).toBe("ENVELOPE_NEWER");
    expect(errorOf(() => decodeEntry(seal("ledgerEntry", 1, bytes(0)))).code).toBe(
      "DATA_LEDGER_ENTRY",
    );
  });
});

describe("sections", () => {
  test("are the same, whether changed one by one or made from all at once", () => {
    const one = new Sections();
    one.apply([{ name: "k", mode: "append", bytes: bytes(1) }]);
    one.apply([{ name: "k", mode: "append", bytes: bytes(2) }]);
    one.apply([{ name: "p", mode: "replace", bytes: bytes(3, 3) }]);
    one.apply([{ name: "p", mode: "replace", bytes: bytes(4) }]);
    one.apply([{ name: "x", mode: "append", bytes: bytes(5) }]);
    one.apply([{ name: "x", mode: "clear", bytes: bytes() }]);
    const other = new Sections();
    other.apply(decodeChanges(encodeChanges(one.all())));
    expect(other.all()).toEqual(one.all());
    expect(other.list("k")).toEqual([bytes(1), bytes(2)]);
    expect(other.single("p")).toEqual(bytes(4));
    expect(other.list("x")).toEqual([]);
    expect(one.bytes).toBe(3);
    expect(other.bytes).toBe(3);
  });
});
