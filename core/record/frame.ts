/**
 * What travels on one channel: the elements of one send, with what a receiver needs to refuse what
 * is old, double or not for it. The body of an envelope of kind `frame`, format 1:
 *
 *   generation, sender's subtask, channel, sequence   varint each
 *   sender's vertex                                   string
 *   elements                                          varint count, then each as in `element-codec.ts`
 *
 *   F1  a frame of another generation never gets to the elements (L5)
 */
import { assert } from "../assert.ts";
import { DataError, LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeElement, encodeElement } from "./element-codec.ts";
import type { StreamElement } from "./element.ts";
import { beginEnvelope, endEnvelope, open } from "./envelope.ts";

export const FRAME_FORMAT = 1;

export interface FrameHeader {
  /** Generation of the job; a restore, rescale or upgrade starts the next. */
  readonly generation: number;
  readonly sender: { readonly vertex: string; readonly subtask: number };
  /** Number of the channel among those of its sender. */
  readonly channel: number;
  /** Counts the frames of a channel from 0. */
  readonly sequence: number;
}

export interface Frame extends FrameHeader {
  readonly elements: readonly StreamElement[];
}

export interface DecodeFrameOptions {
  /** Refuse frames of any other generation. */
  readonly generation?: number;
}

/** The bytes of a frame. More than `frameBytesMax` of them are a LimitError. */
export function encodeFrame(frame: Frame): Uint8Array {
  assertNumbers(frame);
  const writer = new ByteWriter(1024);
  const start = beginEnvelope("frame", FRAME_FORMAT, writer);
  writer.writeVarint(frame.generation);
  writer.writeVarint(frame.sender.subtask);
  writer.writeVarint(frame.channel);
  writer.writeVarint(frame.sequence);
  writer.writeString(frame.sender.vertex);
  writer.writeVarint(frame.elements.length);
  for (const element of frame.elements) encodeElement(element, writer);
  if (writer.length > limits.frameBytesMax) throw tooLarge(writer.length, frame);
  endEnvelope(start, writer);
  return writer.toBytes();
}

/**
 * Reads a frame. Damaged, foreign or newer bytes are refused as by `open`; one of another
 * generation than the one asked for is a DataError `FRAME_GENERATION`.
 */
export function decodeFrame(bytes: Uint8Array, options: DecodeFrameOptions = {}): Frame {
  const { body } = open(bytes, "frame", { versionMax: FRAME_FORMAT });
  const reader = new ByteReader(body);
  const generation = reader.readVarint();
  const subtask = reader.readVarint();
  const channel = reader.readVarint();
  const sequence = reader.readVarint();
  const vertex = reader.readString();
  if (options.generation !== undefined && options.generation !== generation) {
    throw otherGeneration(generation, options.generation, vertex, subtask);
  }
  const count = reader.readCount("a frame");
  const elements: StreamElement[] = [];
  for (let i = 0; i < count; i++) elements.push(decodeElement(reader));
  reader.expectEnd();
  return { generation, sender: { vertex, subtask }, channel, sequence, elements };
}

function assertNumbers(frame: Frame): void {
  for (const value of [frame.generation, frame.sender.subtask, frame.channel, frame.sequence]) {
    assert(Number.isSafeInteger(value) && value >= 0, "a frame's numbers are integers from 0");
  }
}

function tooLarge(length: number, frame: Frame): LimitError {
  return new LimitError(
    `a frame of ${frame.elements.length} elements has ${length} bytes, the limit frameBytesMax is ${limits.frameBytesMax}`,
    {
      code: "FRAME_TOO_LARGE",
      hint: "emit smaller values; keep large contents in an object store",
    },
  );
}

function otherGeneration(got: number, wanted: number, vertex: string, subtask: number): DataError {
  return new DataError(
    `a frame of ${vertex} subtask ${subtask} belongs to generation ${got}, the job is in ${wanted}`,
    { code: "FRAME_GENERATION", hint: "drop it; nothing of another generation changes state" },
  );
}
