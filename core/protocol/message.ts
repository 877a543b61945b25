/**
 * A message of a job's FIFO queues: the body of an envelope of kind `message`, format 1.
 *
 *   M1  every kind carries what makes it take effect once (I-ONCE): a channel message its sequence
 *       number, a wake-up its arming, a start its restore id, a command its request id, a full set of
 *       acknowledgements its checkpoint
 *   M2  a body over `messageBytesMax` stays in the sender's commit object; the message names the range
 *   M3  an element is encoded by itself, so that one can be held back as bytes
 */
import { assertNever } from "../assert.ts";
import { DataError } from "../errors.ts";
import { limits } from "../limits.ts";
import {
  ByteReader,
  ByteWriter,
  type StreamElement,
  beginEnvelope,
  decodeValue,
  encodeValue,
  endEnvelope,
  keepScratch,
  open,
  takeScratch,
} from "../record/index.ts";
import { decodeElement, encodeElement } from "../record/element-codec.ts";
import type { Address } from "./address.ts";
import type { Command, Control } from "./control.ts";

export const MESSAGE_FORMAT = 1;

/** Where a large body lies. */
export interface BodyRef {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
  /** CRC-32C of the range. */
  readonly checksum: number;
}

export type MessageBody =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "ref"; readonly ref: BodyRef };

export interface ChannelMessage {
  readonly kind: "channel";
  readonly from: Address;
  /** Counts the messages of a sender to this receiver, from 1. */
  readonly sequence: number;
  /** It may make its receiver emit data: only such a message needs credit (P11). */
  readonly data: boolean;
  readonly body: MessageBody;
}

export interface WakeMessage {
  readonly kind: "wake";
  readonly number: number;
}

export interface StartMessage {
  readonly kind: "start";
  readonly restoreId: string;
}

export interface CommandMessage {
  readonly kind: "command";
  readonly requestId: string;
  readonly command: Command;
}

/** To the coordinator: all subtasks have acknowledged a checkpoint, in its set (AS3). */
export interface AcknowledgedMessage {
  readonly kind: "acknowledged";
  readonly checkpoint: number;
}

export type MessageContent =
  ChannelMessage | WakeMessage | StartMessage | CommandMessage | AcknowledgedMessage;

export interface Message {
  readonly job: string;
  readonly generation: number;
  readonly content: MessageContent;
}

/** Persisted: a number never changes its meaning. */
const kinds = { channel: 1, wake: 2, start: 4, command: 5, acknowledged: 6 } as const;
const DATA = 1;
const REF = 2;

export function encodeMessage({ job, generation, content }: Message): Uint8Array {
  const writer = takeScratch();
  const start = beginEnvelope("message", MESSAGE_FORMAT, writer);
  writer.writeByte(kinds[content.kind]);
  writer.writeString(job);
  writer.writeVarint(generation);
  writeContent(content, writer);
  endEnvelope(start, writer);
  const bytes = writer.toBytes();
  keepScratch(writer);
  return bytes;
}

function writeContent(content: MessageContent, writer: ByteWriter): void {
  switch (content.kind) {
    case "channel":
      return writeChannel(content, writer);
    case "wake":
      return writer.writeVarint(content.number);
    case "start":
      return writer.writeString(content.restoreId);
    case "command":
      writer.writeString(content.requestId);
      return encodeValue(content.command, writer);
    case "acknowledged":
      return writer.writeVarint(content.checkpoint);
    default:
      return assertNever(content);
  }
}

function writeChannel({ from, sequence, data, body }: ChannelMessage, writer: ByteWriter): void {
  writer.writeByte((data ? DATA : 0) | (body.kind === "ref" ? REF : 0));
  writer.writeString(from.vertex);
  writer.writeVarint(from.subtask);
  writer.writeVarint(sequence);
  if (body.kind === "inline") {
    writer.writeBytes(body.bytes);
    return;
  }
  writer.writeString(body.ref.key);
  writer.writeVarint(body.ref.offset);
  writer.writeVarint(body.ref.length);
  writer.writeU32(body.ref.checksum);
}

export function decodeMessage(bytes: Uint8Array): Message {
  const { body } = open(bytes, "message", { versionMax: MESSAGE_FORMAT });
  const reader = new ByteReader(body);
  const kind = reader.readByte();
  const job = reader.readString();
  const generation = reader.readVarint();
  return { job, generation, content: readContent(kind, reader) };
}

function readContent(kind: number, reader: ByteReader): MessageContent {
  switch (kind) {
    case kinds.channel:
      return readChannel(reader);
    case kinds.wake:
      return { kind: "wake", number: reader.readVarint() };
    case kinds.start:
      return { kind: "start", restoreId: reader.readString() };
    case kinds.command: {
      const requestId = reader.readString();
      // Our own encoder wrote it, and the envelope vouches for the bytes.
      return { kind: "command", requestId, command: decodeValue(reader) as Command };
    }
    case kinds.acknowledged:
      return { kind: "acknowledged", checkpoint: reader.readVarint() };
    default:
      throw malformed(`unknown kind ${kind}`);
  }
}

function readChannel(reader: ByteReader): ChannelMessage {
  const flags = reader.readByte();
  const vertex = reader.readString();
  const subtask = reader.readVarint();
  const sequence = reader.readVarint();
  const head = {
    kind: "channel",
    from: { vertex, subtask },
    sequence,
    data: (flags & DATA) !== 0,
  } as const;
  if ((flags & REF) === 0) {
    return { ...head, body: { kind: "inline", bytes: reader.readView(reader.remaining) } };
  }
  const ref = {
    key: reader.readString(),
    offset: reader.readVarint(),
    length: reader.readVarint(),
    checksum: reader.readU32(),
  };
  return { ...head, body: { kind: "ref", ref } };
}

/** One thing in the body of a channel message, in the order it was emitted. */
export type BodyItem =
  | { readonly kind: "element"; readonly edge: number; readonly bytes: Uint8Array }
  | { readonly kind: "control"; readonly control: Control };

const ELEMENT = 1;
const CONTROL = 2;

/** Collects the items for one target. */
export class BodyWriter {
  readonly #writer = new ByteWriter(512);
  /** Some item may make the receiver emit data. */
  data = false;
  /** A barrier or the end of input is in it: it is sent without credit (P11.3). */
  free = false;

  get length(): number {
    return this.#writer.length;
  }

  element(edge: number, element: StreamElement): void {
    if (element.kind === "records" || element.kind === "watermark" || element.kind === "status") {
      this.data = true;
    }
    if (element.kind === "barrier" || element.kind === "end") this.free = true;
    const scratch = takeScratch();
    encodeElement(element, scratch);
    this.#writer.writeByte(ELEMENT);
    this.#writer.writeVarint(edge);
    this.#writer.writeVarint(scratch.length);
    this.#writer.writeBytes(scratch.view());
    keepScratch(scratch);
  }

  control(control: Control): void {
    this.#writer.writeByte(CONTROL);
    encodeValue(control, this.#writer);
  }

  toBytes(): Uint8Array {
    return this.#writer.toBytes();
  }
}

/** The items of a body; elements stay encoded (M3). */
export function readBody(bytes: Uint8Array): readonly BodyItem[] {
  const reader = new ByteReader(bytes);
  const items: BodyItem[] = [];
  while (reader.remaining > 0) {
    const tag = reader.readByte();
    if (tag === ELEMENT) {
      const edge = reader.readVarint();
      items.push({ kind: "element", edge, bytes: reader.readView(reader.readVarint()) });
    } else if (tag === CONTROL) {
      items.push({ kind: "control", control: decodeValue(reader) as Control }); // as for commands
    } else throw malformed(`unknown item ${tag}`);
  }
  return items;
}

export function readElement(bytes: Uint8Array): StreamElement {
  const reader = new ByteReader(bytes);
  const element = decodeElement(reader);
  reader.expectEnd();
  return element;
}

/** A body this large stays in the commit object (M2). */
export function isLargeBody(bytes: number): boolean {
  return bytes > limits.messageBytesMax;
}

function malformed(what: string): DataError {
  return new DataError(`a message is malformed: ${what}`, {
    code: "DATA_MESSAGE",
    hint: "it was written by a newer Millrace, or its bytes are damaged",
  });
}
