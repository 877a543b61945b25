import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import type { CallScope, Clock, DelayQueue, DelayedMessage } from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { messageIdOf } from "../memory/message-groups.ts";
import { checkBody, checkDelay, checkReceive } from "../port-limits.ts";
import { AtomicFiles, type FileOptions } from "./atomic-files.ts";
import { storageError } from "./file-errors.ts";
import { digits } from "./file-name.ts";
import { readIfThere } from "./numbered-files.ts";
import { OneAtATime } from "./one-at-a-time.ts";

export interface FileDelayQueueOptions extends FileOptions {
  readonly clock: Clock;
}

/** `<when it is due>-<random>`. */
const MESSAGE = /^\d{16}-[0-9a-f]{16}$/;

/**
 * A delay queue as files, for processes of one machine that may be killed at any moment: a message
 * is a file whose name says when it is due, and is its id. Any process sends and deletes; one at a
 * time receives, for what is in flight is in its memory.
 *
 *   FD1  a message is there, whole, until it is deleted (AF1)
 *   FD2  a message is in flight while its name is in the map with a time to come
 *   FD3  any receipt of a message deletes it
 */
export class FileDelayQueue implements DelayQueue {
  readonly #files: AtomicFiles;
  readonly #clock: Clock;
  /** Of what looks at the map: an old list of names must not forget a newer delivery. */
  readonly #turns = new OneAtATime();
  /** When messages that were delivered are visible again. */
  readonly #visibleAt = new Map<string, number>();
  readonly #life: string = randomBytes(4).toString("hex");
  #deliveries = 0;

  private constructor(files: AtomicFiles, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  static async open(root: string, options: FileDelayQueueOptions): Promise<FileDelayQueue> {
    return new FileDelayQueue(await AtomicFiles.open(root, options), options.clock);
  }

  async send(body: Uint8Array, delayMs: number, scope: CallScope): Promise<void> {
    checkDelay("delay", delayMs);
    checkBody("delay", body);
    checkLive(scope, "send");
    const dueAt = Math.ceil(this.#clock.now() + delayMs);
    const name = `${digits(dueAt)}-${randomBytes(8).toString("hex")}`;
    const created = await this.#files.create(this.#path(name), body);
    assert(created, "FD1: a message has a name of its own");
  }

  async receive(
    options: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly DelayedMessage[]> {
    checkReceive("delay", options.max, options.visibilityMs);
    checkLive(scope, "receive");
    return this.#turns.run(() => this.#receive(options.max, options.visibilityMs));
  }

  async delete(receipts: readonly string[], scope: CallScope): Promise<readonly boolean[]> {
    for (const receipt of receipts) {
      checkLive(scope, "delete");
      const name = messageIdOf(receipt);
      assert(MESSAGE.test(name), "FD3: a receipt names a message");
      try {
        await rm(this.#path(name), { force: true });
      } catch (error) {
        throw storageError("delete", this.#path(name), error);
      }
    }
    return receipts.map(() => true);
  }

  /** When a receive may find something: now, later, or (null) not before something is sent. */
  nextVisibleAt(): Promise<number | null> {
    return this.#turns.run(() => this.#nextVisibleAt());
  }

  async #receive(max: number, visibilityMs: number): Promise<readonly DelayedMessage[]> {
    const names = await this.#names();
    const now = this.#clock.now();
    const messages: DelayedMessage[] = [];
    for (const name of names) {
      if (messages.length === max || dueAtOf(name) > now) break;
      if ((this.#visibleAt.get(name) ?? 0) > now) continue;
      this.#visibleAt.set(name, now + visibilityMs);
      const body = await readIfThere(this.#path(name));
      if (body !== null) messages.push(this.#inHand(name, body));
    }
    return messages;
  }

  async #nextVisibleAt(): Promise<number | null> {
    let earliest = Number.POSITIVE_INFINITY;
    for (const name of await this.#names()) {
      const dueAt = dueAtOf(name);
      if (dueAt >= earliest) break;
      earliest = Math.min(earliest, Math.max(dueAt, this.#visibleAt.get(name) ?? 0));
    }
    if (earliest === Number.POSITIVE_INFINITY) return null;
    return Math.max(earliest, this.#clock.now());
  }

  /** All messages, earliest first. What is known of others is forgotten. */
  async #names(): Promise<readonly string[]> {
    const all = await this.#list();
    if (this.#visibleAt.size > 0) {
      const there = new Set(all);
      for (const name of this.#visibleAt.keys()) {
        if (!there.has(name)) this.#visibleAt.delete(name);
      }
    }
    return all;
  }

  async #list(): Promise<string[]> {
    try {
      const names = await readdir(this.#files.root);
      return names.filter((name) => MESSAGE.test(name)).sort();
    } catch (error) {
      throw storageError("list", this.#files.root, error);
    }
  }

  #inHand(name: string, body: Uint8Array): DelayedMessage {
    this.#deliveries += 1;
    return { messageId: name, body, receipt: `${this.#life}.${this.#deliveries}:${name}` };
  }

  #path(name: string): string {
    return join(this.#files.root, name);
  }
}

function dueAtOf(name: string): number {
  return Number(name.slice(0, 16));
}
