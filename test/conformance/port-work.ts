import { writeSync } from "node:fs";
import { StorageError } from "../../core/errors.ts";
import { FileDelayQueue } from "../../infra/local/file-delay-queue.ts";
import { FileFifoQueues } from "../../infra/local/file-fifo-queues.ts";
import { FileLedger } from "../../infra/local/file-ledger.ts";
import { FileMetricReporter } from "../../infra/local/file-metric-reporter.ts";
import { FileNumberSets } from "../../infra/local/file-number-sets.ts";
import { FileRecordStore } from "../../infra/local/file-record-store.ts";
import { type FifoEntry, unbounded } from "../../core/ports/index.ts";

/** What a process does until it is killed. It prints a line for each answer that it got. */
export interface ProcessOptions {
  readonly role: "send" | "receive" | "append" | "change" | "delay" | "add" | "report";
  readonly root: string;
  /** Tells processes apart; no two have the same. */
  readonly id: string;
}

export const GROUPS: readonly string[] = ["a", "b", "c"];
export const QUEUE = "orders";
export const PARTITION = "job/1/hourly/0";
export const KEY = "job/generation";
export const SET = "job/1/acks/7";
/** Small, so that logs are rewritten while others write to them. */
export const COMPACT_BYTES = 1_000_000;

const clock = { now: () => Date.now() };

export async function run(options: ProcessOptions): Promise<void> {
  switch (options.role) {
    case "send":
      return send(options);
    case "receive":
      return receive(options);
    case "append":
      return append(options);
    case "change":
      return change(options);
    case "delay":
      return delay(options);
    case "add":
      return add(options);
    case "report":
      return report(options);
  }
}

/** Prints `<id> <group> <number>` for each accepted message; numbers count per group from 1. */
async function send({ root, id }: ProcessOptions): Promise<void> {
  const queues = await FileFifoQueues.open(root, { clock, sync: false });
  const sent = new Map<string, number>();
  for (let call = 1; ; call += 1) {
    const entries: FifoEntry[] = [];
    const lines: string[] = [];
    for (let i = 0; i < 1 + (call % 7); i += 1) {
      const group = GROUPS[(call + i) % GROUPS.length] ?? "a";
      const number = (sent.get(group) ?? 0) + 1;
      sent.set(group, number);
      const content = `${id} ${group} ${number}`;
      entries.push({ group, deduplicationId: content, body: filled(content, call) });
      lines.push(content);
    }
    await queues.send(QUEUE, entries, unbounded);
    print(lines.join("\n"));
  }
}

/** Prints `got <message id> <id> <group> <number>` and then, when it is deleted, `gone <message id>`. */
async function receive({ root }: ProcessOptions): Promise<void> {
  const options = { clock, sync: false, compactBytes: COMPACT_BYTES };
  const queues = await FileFifoQueues.open(root, options);
  for (;;) {
    const messages = await queues.receive(QUEUE, { max: 10, visibilityMs: 600_000 }, unbounded);
    for (const { messageId, body } of messages) print(`got ${messageId} ${contentOf(body)}`);
    const receipts = messages.map(({ receipt }) => receipt);
    await queues.delete(QUEUE, receipts, unbounded);
    for (const { messageId } of messages) print(`gone ${messageId}`);
    if (messages.length === 0) await queues.waitForMore([QUEUE], 1_000);
  }
}

/** Prints `<version> <content>` for each row that it made, or found in its place. */
async function append({ root, id }: ProcessOptions): Promise<void> {
  const ledger = await FileLedger.open(root, { sync: false });
  for (let number = 1; ; number += 1) {
    const version = ((await ledger.newest(PARTITION, unbounded))?.version ?? -1) + 1;
    const content = `${id} ${number}`;
    const item = filled(content, number);
    const result = await ledger.append(PARTITION, version, item, unbounded);
    print(`${version} ${result.appended ? content : contentOf(result.existing)}`);
  }
}

/** Prints `<revision> <content>` for each change that it made. */
async function change({ root, id }: ProcessOptions): Promise<void> {
  const store = await FileRecordStore.open(root, { sync: false });
  for (let number = 1; ; number += 1) {
    const revision = (await store.get(KEY, unbounded))?.revision ?? 0;
    const content = `${id} ${number}`;
    const changed = await store
      .put(KEY, filled(content, number), revision, unbounded)
      .catch(falseIfOvertaken);
    if (changed) print(`${revision + 1} ${content}`);
  }
}

/** Whether the change was made is open then; nothing is printed, so nothing is claimed. */
function falseIfOvertaken(error: unknown): boolean {
  if (error instanceof StorageError && error.code === "STORAGE_RECORD_OVERTAKEN") return false;
  throw error;
}

/** Prints `<content>` for each message that it sent. */
async function delay({ root, id }: ProcessOptions): Promise<void> {
  const queue = await FileDelayQueue.open(root, { clock, sync: false });
  for (let number = 1; ; number += 1) {
    const content = `${id} ${number}`;
    await queue.send(filled(content, number), number % 3, unbounded);
    print(content);
  }
}

/** Prints `<member> <size of the set then>` for each member that it added. */
async function add({ root, id }: ProcessOptions): Promise<void> {
  const sets = await FileNumberSets.open(root, { sync: false });
  const own = (Number(id.replace(/\D/g, "")) % 1_000) * 1_000_000;
  for (let number = 1; ; number += 1) {
    const member = own + number;
    const members = await sets.add(SET, member, unbounded);
    print(`${member} ${members.includes(member) ? members.length : "missing"}`);
  }
}

/** Prints `<id> <number>` for each report, which counts one for the process and a gauge of many bytes. */
async function report({ root, id }: ProcessOptions): Promise<void> {
  const reporter = new FileMetricReporter(root, 10_000);
  for (let number = 1; ; number += 1) {
    const gauges = { ["filled".repeat(number % 100)]: { value: number, timestampMs: number } };
    const group = { job: "job", operator: id, subtask: 0, gauges, histograms: {} };
    const groups = [{ ...group, counters: { reports: 1 } }];
    await reporter.report({ timestampMs: number, groups }, unbounded);
    print(`${id} ${number}`);
  }
}

/** Waits until the line is with the parent: `process.stdout` keeps it while the pipe is full. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}

/** The text, and behind it as many bytes as the text says, some kilobytes at times. */
function filled(content: string, number: number): Uint8Array {
  const length = number % 5 === 0 ? 60_000 : 20;
  return Buffer.concat([Buffer.from(`${content},${length},`), Buffer.alloc(length, number % 256)]);
}

/** The text of a body that is whole; `torn ...` for any other. */
export function contentOf(body: Uint8Array): string {
  const text = Buffer.from(body).toString("latin1");
  const [content = "", length = "", rest = ""] = split(text);
  const whole = rest.length === Number(length) && rest === rest.charAt(0).repeat(rest.length);
  return whole ? content : `torn ${content}`;
}

/** At the first two commas: what fills may look like one. */
function split(text: string): string[] {
  const first = text.indexOf(",");
  const second = text.indexOf(",", first + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}
