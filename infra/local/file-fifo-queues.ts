import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  CallScope,
  Clock,
  FifoEntry,
  FifoMessage,
  FifoQueues,
} from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { checkEntries, checkReceive, checkVisibility } from "../port-limits.ts";
import { AppendLog } from "./append-log.ts";
import { AtomicFiles, type FileOptions } from "./atomic-files.ts";
import { fileName } from "./file-name.ts";
import { FileQueueReceiver } from "./file-queue-receiver.ts";
import { LOG_FILE, QueueFiles } from "./queue-files.ts";
import { type QueueLogLine, encodeLine } from "./queue-log-line.ts";

export interface FileFifoQueuesOptions extends FileOptions {
  readonly clock: Clock;
  /** A log that is longer is rewritten with what is alive; 64 MiB by default. */
  readonly compactBytes?: number;
}

const COMPACT_BYTES = 67_108_864;
const POLL_MS_MAX = 8;

/**
 * FIFO queues as files, for processes of one machine that may be killed at any moment. Any process
 * sends, deletes and changes visibilities: each call appends to the queue's log. One process at a
 * time receives (its first receive of a queue opens it): locks, visibilities and receive counts are
 * in its memory, and when it ends everything that is not deleted is visible again.
 *
 *   FQ1  a call that answered is in the log, whole; of one that did not, any first part may be
 *   FQ2  the order of a group is that of its lines in the log
 *   FQ3  which ids are repeated is decided by the receiver, in that order, by the time of the send
 */
export class FileFifoQueues implements FifoQueues {
  readonly #files: AtomicFiles;
  readonly #options: FileFifoQueuesOptions;
  readonly #logs = new Map<string, AppendLog>();
  readonly #receivers = new Map<string, Promise<FileQueueReceiver>>();
  /** With a counter: ids of messages that no other process uses. */
  readonly #sender: string = randomBytes(6).toString("hex");
  #sent = 0;

  private constructor(files: AtomicFiles, options: FileFifoQueuesOptions) {
    this.#files = files;
    this.#options = options;
  }

  static async open(root: string, options: FileFifoQueuesOptions): Promise<FileFifoQueues> {
    return new FileFifoQueues(await AtomicFiles.open(root, options), options);
  }

  async send(
    queue: string,
    entries: readonly FifoEntry[],
    scope: CallScope,
  ): Promise<readonly boolean[]> {
    checkEntries(queue, entries);
    const at = this.#options.clock.now();
    const lines = entries.map(({ group, deduplicationId, body }) => {
      this.#sent += 1;
      const messageId = `${this.#sender}-${this.#sent}`;
      return { kind: "sent", messageId, group, deduplicationId, at, body } as const;
    });
    await this.#append(queue, lines, scope, "send");
    return entries.map(() => true);
  }

  async receive(
    queue: string,
    options: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly FifoMessage[]> {
    checkReceive(queue, options.max, options.visibilityMs);
    checkLive(scope, "receive");
    const receiver = await this.receiver(queue);
    checkLive(scope, "receive");
    return receiver.receive(options.max, options.visibilityMs);
  }

  async delete(
    queue: string,
    receipts: readonly string[],
    scope: CallScope,
  ): Promise<readonly boolean[]> {
    const at = this.#options.clock.now();
    const lines = receipts.map((receipt) => ({ kind: "deleted", receipt, at }) as const);
    await this.#append(queue, lines, scope, "delete");
    return receipts.map(() => true);
  }

  async changeVisibility(
    queue: string,
    receipts: readonly string[],
    visibilityMs: number,
    scope: CallScope,
  ): Promise<void> {
    checkVisibility(queue, visibilityMs);
    const at = this.#options.clock.now();
    const visibleAt = at + visibilityMs;
    const lines = receipts.map((receipt) => ({ kind: "hidden", receipt, at, visibleAt }) as const);
    await this.#append(queue, lines, scope, "changeVisibility");
  }

  /** The receiving end of a queue, opened at the first use: for the process that receives. */
  receiver(queue: string): Promise<FileQueueReceiver> {
    const open = this.#receivers.get(queue);
    if (open !== undefined) return open;
    const opening = FileQueueReceiver.open({
      files: new QueueFiles(this.#folder(queue), this.#files),
      clock: this.#options.clock,
      compactBytes: this.#options.compactBytes ?? COMPACT_BYTES,
    });
    this.#receivers.set(queue, opening);
    // A next receive tries again.
    opening.catch(() => this.#receivers.delete(queue));
    return opening;
  }

  /**
   * Waits, in real time, until something was written to one of these queues that no receive has read
   * (true), or until the time is over (false). An expired visibility is no writing: see
   * `nextVisibleAt` of the receiver.
   */
  async waitForMore(
    queues: readonly string[],
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const receivers = await Promise.all(queues.map((queue) => this.receiver(queue)));
    let waitedMs = 0;
    for (let pollMs = 1; ; pollMs = Math.min(2 * pollMs, POLL_MS_MAX)) {
      if (receivers.some((receiver) => receiver.hasNews())) return true;
      if (waitedMs >= timeoutMs || (signal?.aborted ?? false)) return false;
      await sleep(Math.min(pollMs, timeoutMs - waitedMs));
      waitedMs += pollMs;
    }
  }

  /** Closes all files; calls after it open them again. */
  async close(): Promise<void> {
    const logs = [...this.#logs.values()];
    const receivers = await Promise.all(this.#receivers.values());
    this.#logs.clear();
    this.#receivers.clear();
    await Promise.all([...logs, ...receivers].map((each) => each.close()));
  }

  async #append(
    queue: string,
    lines: readonly QueueLogLine[],
    scope: CallScope,
    call: string,
  ): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.concat(lines.map(encodeLine));
    await this.#log(queue).append(bytes, () => checkLive(scope, call));
  }

  #log(queue: string): AppendLog {
    const open = this.#logs.get(queue);
    if (open !== undefined) return open;
    const log = new AppendLog(join(this.#folder(queue), LOG_FILE), this.#options.sync ?? true);
    this.#logs.set(queue, log);
    return log;
  }

  #folder(queue: string): string {
    return join(this.#files.root, fileName(queue));
  }
}
