import { describe, expect, test } from "vitest";
import { LimitError, MillraceError } from "../../../core/errors.ts";
import {
  ByteWriter,
  type Frame,
  decodeFrame,
  encodeFrame,
  open,
  seal,
} from "../../../core/record/index.ts";
import { MAX_WATERMARK, MIN_WATERMARK, NO_TIMESTAMP } from "../../../core/timestamp.ts";
import { errorOf } from "./error-of.ts";

const frame: Frame = {
  generation: 3,
  sender: { vertex: "flights", subtask: 2 },
  channel: 5,
  sequence: 70_000,
  elements: [
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
    { kind: "records", values: [], timestamps: [] },
    { kind: "end" },
  ],
};

describe("a frame", () => {
  test("comes back with its header and every kind of element", () => {
    expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    expect(decodeFrame(encodeFrame({ ...frame, elements: [] }))).toEqual({
      ...frame,
      elements: [],
    });
  });

  test("of another generation is refused", () => {
    expect(decodeFrame(encodeFrame(frame), { generation: 3 })).toEqual(frame);
    const error = errorOf(() => decodeFrame(encodeFrame(frame), { generation: 4 }));
    expect(error.code).toBe("FRAME_GENERATION");
    expect(error.message).toContain("flights subtask 2 belongs to generation 3, the job is in 4");
  });

  test("with any bit flipped is refused", () => {
    const bytes = encodeFrame(frame);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      expect(errorOf(() => decodeFrame(withFlipped(bytes, bit)))).toBeInstanceOf(MillraceError);
    }
  });

  test("whose envelope is right but whose body is not is refused", () => {
    const { body } = open(encodeFrame(frame), "frame", { versionMax: 1 });
    for (let end = 0; end < body.length; end++) {
      const cut = seal("frame", 1, body.subarray(0, end));
      expect(errorOf(() => decodeFrame(cut))).toBeInstanceOf(MillraceError);
    }
    const long = new ByteWriter();
    long.writeBytes(body);
    long.writeByte(0);
    expect(errorOf(() => decodeFrame(seal("frame", 1, long.toBytes()))).code).toBe(
      "RECORD_TRAILING",
    );
  });
});

describe("an envelope", () => {
  const body = new Uint8Array([1, 2, 3, 4, 5]);
  const bytes = seal("metadata", 2, body);

  test("gives back body and version", () => {
    expect(open(bytes, "metadata", { versionMax: 2 })).toEqual({ version: 2, body });
    expect(
      open(seal("metadata", 1, new Uint8Array(0)), "metadata", { versionMax: 2 }).body,
    ).toHaveLength(0);
  });

  test("every prefix is told to be cut short", () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(codeOf(bytes.subarray(0, end))).toBe("ENVELOPE_TRUNCATED");
    }
  });

  test("every flipped bit is found, and told by what it hit", () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const place = bit >> 3;
      const code = codeOf(withFlipped(bytes, bit));
      if (place < 4) expect(code).toBe("ENVELOPE_FOREIGN");
      else if (place < 6 || place >= 10) expect(code).toBe("ENVELOPE_CHECKSUM");
      else
        expect(["ENVELOPE_TRUNCATED", "ENVELOPE_TRAILING", "ENVELOPE_TOO_LARGE"]).toContain(code);
    }
  });

  test.each<[string, Uint8Array, string]>([
    ["of another kind", seal("keyedState", 2, body), "ENVELOPE_KIND"],
    ["of a newer format", seal("metadata", 3, body), "ENVELOPE_NEWER"],
    ["of another program", new Uint8Array(Buffer.from("PAR1 and more bytes")), "ENVELOPE_FOREIGN"],
    ["with a byte behind it", new Uint8Array([...bytes, 0]), "ENVELOPE_TRAILING"],
    ["of another program, shorter than a header", new Uint8Array([0x50]), "ENVELOPE_FOREIGN"],
  ])("%s is refused", (_name, other, code) => {
    expect(codeOf(other)).toBe(code);
  });

  test("over the caller's limit is a LimitError, also when only its header claims so", () => {
    const error = errorOf(() => open(bytes, "metadata", { versionMax: 2, bytesMax: 4 }));
    expect(error).toBeInstanceOf(LimitError);
    const claims = bytes.slice();
    claims.set([0xff, 0xff, 0xff, 0xff], 6);
    expect(codeOf(claims)).toBe("ENVELOPE_TOO_LARGE");
  });

  function codeOf(given: Uint8Array): string {
    return errorOf(() => open(given, "metadata", { versionMax: 2 })).code;
  }
});

function withFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}
