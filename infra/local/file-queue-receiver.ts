import { randomBytes } from "node:crypto";
import { StorageError } from "../../core/errors.ts";
import { type Clock, type FifoMessage, fifoLimits } from "../../core/ports/index.ts";
import { DeduplicationWindow } from "../memory/deduplication-window.ts";
import { MessageGroups } from "../memory/message-groups.ts";
import { storageError } from "./file-errors.ts";
import type { LogTail } from "./log-tail.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import type { QueueFiles } from "./queue-files.ts";
import { type QueueLogLine, decodeLine, encodeLine } from "./queue-log-line.ts";

export interface ReceiverOptions {
  readonly files: QueueFiles;
  readonly clock: Clock;
  /** A log that is longer is rewritten with what is alive. */
  readonly compactBytes: number;
}

/**
 * The receiving end of one file queue: reads the log, knows which messages are there, and keeps
 * their locks and visibilities in memory.
 *
 *   QR1  the state is the fold of the sealed files, in order, and then of the log
 *   QR2  a file is sealed by a rename and then read to its end: what a writer appends to it too late
 *        to be read, it appends again to the new log (AL2)
 *   QR3  sealed files are replaced by one that says the same; it begins with `base`, so that those
 *        before it no longer count, whether or not they were removed
 *   QR4  a message that is read again is known: by its id while it is there, by its de-duplication
 *        id afterwards
 *   QR5  any receipt of a message deletes it, also one of an earlier life of the receiver; a
 *        visibility counts only for the latest receipt
 *   QR6  a log that lost its name was taken by another receiver: this one ends. So it does after a
 *        failure, for it may have missed lines
 */
export class FileQueueReceiver {
  readonly #options: ReceiverOptions;
  readonly #turns = new OneAtATime();
  /** Tells the receipts of this life from those of others (MG5). */
  readonly #life: string = `${randomBytes(4).toString("hex")}.`;
  #groups: MessageGroups;
  #window: DeduplicationWindow;
  #tail: LogTail | null = null;
  #failure: Error | null = null;
  /** Lines that were not whole: of killed writers. */
  #damaged = 0;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#groups = this.#emptyGroups();
    this.#window = new DeduplicationWindow(fifoLimits.deduplicationMs);
  }

  /** Everything that is not deleted is visible. Only one receiver of a queue may be open. */
  static async open(options: ReceiverOptions): Promise<FileQueueReceiver> {
    const receiver = new FileQueueReceiver(options);
    try {
      await receiver.#start();
    } catch (error) {
      throw storageError("open", options.files.folder, error);
    }
    return receiver;
  }

  /** Messages that were read, in flight or not; of the rest nothing is known yet. */
  get backlog(): number {
    return this.#groups.backlog;
  }

  get inFlight(): number {
    return this.#groups.inFlight;
  }

  /** Lines of the log that were left out because they were not whole. */
  get damagedLines(): number {
    return this.#damaged;
  }

  receive(max: number, visibilityMs: number): Promise<readonly FifoMessage[]> {
    return this.#turns.run(async () => {
      await this.#catchUp();
      return this.#groups.receive(max, visibilityMs, this.#options.clock.now());
    });
  }

  /** When a receive may find something: now, later, or (null) not before something is written. */
  nextVisibleAt(): number | null {
    const now = this.#options.clock.now();
    return this.hasNews() ? now : this.#groups.nextVisibleAt(now);
  }

  /** Whether something was written that no receive has read. */
  hasNews(): boolean {
    return this.#tail === null || this.#tail.hasNews();
  }

  close(): Promise<void> {
    return this.#turns.run(async () => {
      await this.#tail?.close();
      this.#tail = null;
    });
  }

  async #start(): Promise<void> {
    const { files } = this.#options;
    await files.makeFolder();
    const sealed = await files.sealed();
    const log = await files.seal(sealed);
    if (log !== null) sealed.push(log);
    for (const name of sealed) await files.read(name, this.#apply);
    await files.replace(sealed, this.#snapshot());
    this.#tail = await files.openLog();
  }

  async #catchUp(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const tail = this.#tail;
    if (tail === null) throw this.#over("is closed");
    if (!tail.hasItsName()) throw this.#over("was opened by another receiver");
    try {
      await tail.read(this.#apply);
      if (tail.offset > this.#options.compactBytes) await this.#rotate(tail);
    } catch (error) {
      this.#failure = storageError("read", tail.path, error);
      throw this.#failure;
    }
  }

  /** Seals the log, reads its rest and goes on with a new one. */
  async #rotate(tail: LogTail): Promise<void> {
    const { files } = this.#options;
    const sealed = await files.sealed();
    const log = await files.seal(sealed);
    if (log === null) throw this.#over("was opened by another receiver");
    await tail.read(this.#apply);
    tail.finish(this.#apply);
    await files.replace([...sealed, log], this.#snapshot());
    await tail.close();
    this.#tail = await files.openLog();
  }

  readonly #apply = (bytes: Uint8Array): void => {
    const line = decodeLine(bytes);
    if (line === null) this.#damaged += 1;
    else this.#fold(line);
  };

  #fold(line: QueueLogLine): void {
    switch (line.kind) {
      case "base":
        this.#groups = this.#emptyGroups();
        this.#window = new DeduplicationWindow(fifoLimits.deduplicationMs);
        return;
      case "sent":
        if (this.#groups.has(line.messageId)) return; // QR4
        if (!this.#window.admit(line.group, line.deduplicationId, line.at)) return;
        this.#groups.add(line.messageId, line.group, line.body);
        return;
      case "kept":
        this.#groups.add(line.messageId, line.group, line.body);
        return;
      case "used":
        this.#window.admit(line.group, line.id, line.at);
        return;
      // Both as of then: what was written in time counts, however late it is read.
      case "deleted":
        this.#groups.delete(line.receipt, line.at);
        return;
      case "hidden":
        this.#groups.changeVisibility(line.receipt, line.visibleAt, line.at);
        return;
    }
  }

  #emptyGroups(): MessageGroups {
    return new MessageGroups(
      {
        staleReceiptDeletes: () => true, // QR5
        vanish: () => false,
        groupShare: () => fifoLimits.entriesPerCall,
      },
      this.#life,
    );
  }

  #snapshot(): Uint8Array {
    const lines = [encodeLine({ kind: "base" })];
    for (const { group, id, at } of this.#window.known()) {
      lines.push(encodeLine({ kind: "used", group, id, at }));
    }
    for (const { messageId, group, body } of this.#groups.messages()) {
      lines.push(encodeLine({ kind: "kept", messageId, group: group.name, body }));
    }
    return Buffer.concat(lines);
  }

  #over(what: string): StorageError {
    return new StorageError(`the queue in ${this.#options.files.folder} ${what}`, {
      code: "STORAGE_QUEUE_TAKEN",
      hint: "let one process at a time receive from it",
    });
  }
}
