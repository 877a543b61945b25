import { LimitError } from "../core/errors.ts";
import { type FifoEntry, LEDGER_ITEM_BYTES_MAX, fifoLimits } from "../core/ports/index.ts";

/** Characters of a group or a de-duplication id, as SQS allows. */
const ID_CHARACTERS_MAX = 128;
const VISIBILITY_MS_MAX = 43_200_000;

/** Refuses a send that SQS would refuse, before anything of it is sent. */
export function checkEntries(queue: string, entries: readonly FifoEntry[]): void {
  if (entries.length > fifoLimits.entriesPerCall) {
    throw tooManyEntries(queue, `a send has ${entries.length} entries`);
  }
  let bytes = 0;
  for (let i = 0; i < entries.length; i += 1) {
    const entry = entries[i] as FifoEntry; // i < length
    checkId(queue, "group", entry.group);
    checkId(queue, "de-duplication id", entry.deduplicationId);
    bytes += entry.body.length;
  }
  if (bytes <= fifoLimits.bytesPerCall) return;
  throw new LimitError(
    `queue ${queue}: a send has ${bytes} bytes (at most ${fifoLimits.bytesPerCall})`,
    { code: "LIMIT_QUEUE_BYTES", hint: "store large bodies as objects and send their keys" },
  );
}

export function checkReceive(queue: string, max: number, visibilityMs: number): void {
  if (!Number.isInteger(max) || max < 1 || max > fifoLimits.entriesPerCall) {
    throw tooManyEntries(queue, `a receive asks for ${max} messages`);
  }
  checkVisibility(queue, visibilityMs);
}

export function checkVisibility(queue: string, visibilityMs: number): void {
  checkTime(queue, "a visibility", visibilityMs, VISIBILITY_MS_MAX);
}

export function checkDelay(queue: string, delayMs: number): void {
  checkTime(queue, "a delay", delayMs, fifoLimits.delayMsMax);
}

/** A body for a standard queue. */
export function checkBody(queue: string, body: Uint8Array): void {
  if (body.length <= fifoLimits.bytesPerCall) return;
  throw new LimitError(
    `queue ${queue}: a message has ${body.length} bytes (at most ${fifoLimits.bytesPerCall})`,
    { code: "LIMIT_QUEUE_BYTES", hint: "store large bodies as objects and send their keys" },
  );
}

export function checkItem(place: string, item: Uint8Array): void {
  if (item.length <= LEDGER_ITEM_BYTES_MAX) return;
  throw new LimitError(
    `${place}: an item has ${item.length} bytes (at most ${LEDGER_ITEM_BYTES_MAX})`,
    { code: "LIMIT_ITEM_BYTES", hint: "store large content as an object and put its key here" },
  );
}

function checkId(queue: string, what: string, id: string): void {
  if (id.length > 0 && id.length <= ID_CHARACTERS_MAX) return;
  throw new LimitError(
    `queue ${queue}: a ${what} has ${id.length} characters (1 to ${ID_CHARACTERS_MAX})`,
    { code: "LIMIT_QUEUE_ID", hint: "shorten it, or use a hash of it" },
  );
}

function checkTime(queue: string, what: string, ms: number, msMax: number): void {
  if (ms >= 0 && ms <= msMax) return;
  throw new LimitError(`queue ${queue}: ${what} is out of range (got ${ms} ms, 0 to ${msMax})`, {
    code: "LIMIT_QUEUE_TIME",
    hint: "wait in several steps",
  });
}

function tooManyEntries(queue: string, what: string): LimitError {
  return new LimitError(`queue ${queue}: ${what} (1 to ${fifoLimits.entriesPerCall})`, {
    code: "LIMIT_QUEUE_ENTRIES",
    hint: "make several calls",
  });
}
