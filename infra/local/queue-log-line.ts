import { StorageError } from "../../core/errors.ts";
import { crc32c } from "../../core/record/crc32c.ts";

/** What the log of a file queue says. Times in milliseconds of the writer's clock. */
export type QueueLogLine =
  /** Everything before is void: what is alive of it follows. */
  | { readonly kind: "base" }
  | {
      readonly kind: "sent";
      readonly messageId: string;
      readonly group: string;
      readonly deduplicationId: string;
      readonly at: number;
      readonly body: Uint8Array;
    }
  /** A message that was admitted before the base. */
  | {
      readonly kind: "kept";
      readonly messageId: string;
      readonly group: string;
      readonly body: Uint8Array;
    }
  /** A de-duplication id that was used before the base. */
  | { readonly kind: "used"; readonly group: string; readonly id: string; readonly at: number }
  | { readonly kind: "deleted"; readonly receipt: string; readonly at: number }
  | {
      readonly kind: "hidden";
      readonly receipt: string;
      readonly at: number;
      readonly visibleAt: number;
    };

/** Of the lines; a reader refuses any other. */
const FORMAT = 1;
const CHECKSUM_DIGITS = 8;
const utf8 = new TextDecoder();

/**
 * A line as bytes: a line feed, the checksum, the line as JSON, a line feed. The feed in front ends
 * what a killed writer left unfinished, so that such a rest spoils no other line; none can be
 * inside, for JSON escapes it.
 */
export function encodeLine(line: QueueLogLine): Uint8Array {
  const text = Buffer.from(JSON.stringify([FORMAT, line.kind, ...fieldsOf(line)]));
  return Buffer.concat([Buffer.from(`\n${checksum(text)} `), text, Buffer.from("\n")]);
}

/** What stands between two line feeds; null: a damaged or unfinished line. */
export function decodeLine(bytes: Uint8Array): QueueLogLine | null {
  if (bytes.length <= CHECKSUM_DIGITS) return null;
  const text = bytes.subarray(CHECKSUM_DIGITS + 1);
  if (utf8.decode(bytes.subarray(0, CHECKSUM_DIGITS)) !== checksum(text)) return null;
  // The checksum fits, so it is what we wrote.
  const [format, kind, ...fields] = JSON.parse(utf8.decode(text)) as [
    number,
    QueueLogLine["kind"],
    ...(string | number)[],
  ];
  if (format === FORMAT) return lineOf(kind, fields);
  throw new StorageError(`the log of a queue has format ${format} (this is ${FORMAT})`, {
    code: "STORAGE_QUEUE_FORMAT",
    hint: "go on with the version of Millrace that wrote it",
  });
}

function checksum(text: Uint8Array): string {
  return crc32c(text).toString(16).padStart(CHECKSUM_DIGITS, "0");
}

function fieldsOf(line: QueueLogLine): readonly (string | number)[] {
  switch (line.kind) {
    case "base":
      return [];
    case "sent":
      return [line.messageId, line.group, line.deduplicationId, line.at, base64(line.body)];
    case "kept":
      return [line.messageId, line.group, base64(line.body)];
    case "used":
      return [line.group, line.id, line.at];
    case "deleted":
      return [line.receipt, line.at];
    case "hidden":
      return [line.receipt, line.at, line.visibleAt];
  }
}

function lineOf(kind: QueueLogLine["kind"], fields: readonly (string | number)[]): QueueLogLine {
  const text = (i: number): string => fields[i] as string; // as fieldsOf wrote it
  const number = (i: number): number => fields[i] as number; // as fieldsOf wrote it
  const body = (i: number): Uint8Array => Buffer.from(text(i), "base64");
  switch (kind) {
    case "base":
      return { kind };
    case "sent":
      return {
        kind,
        messageId: text(0),
        group: text(1),
        deduplicationId: text(2),
        at: number(3),
        body: body(4),
      };
    case "kept":
      return { kind, messageId: text(0), group: text(1), body: body(2) };
    case "used":
      return { kind, group: text(0), id: text(1), at: number(2) };
    case "deleted":
      return { kind, receipt: text(0), at: number(1) };
    case "hidden":
      return { kind, receipt: text(0), at: number(1), visibleAt: number(2) };
  }
}

function base64(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64");
}
