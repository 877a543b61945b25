import {
  type FifoEntry,
  type FifoMessage,
  type FifoQueues,
  unbounded,
} from "../../core/ports/index.ts";
import type { Skipped } from "./scopes.ts";

export interface FifoHarness {
  readonly queues: FifoQueues;
  /** The name of a queue that nobody has used. */
  readonly queue: string;
  /** Another one. */
  readonly other: string;
  /** Lets at least this much time pass for the queues. */
  readonly advance: (ms: number) => Promise<void>;
  /** Makes the queues refuse entries with these de-duplication ids, until it is called again. */
  readonly refuse: ((deduplicationIds: readonly string[]) => void) | Skipped;
  readonly asksScope: true | Skipped;
}

/** Long enough never to end within a test. */
export const LONG_MS = 600_000;
/** A visibility that tests wait for. */
export const SHORT_MS = 2_000;
/** SQS may answer with nothing, or with less than there is. */
export const TRIES = 20;
export const oneByOne = "the queue gave the messages of the group one by one, as it may";

const text = (body: Uint8Array): string => new TextDecoder().decode(body);
export const texts = (messages: readonly FifoMessage[]): string[] =>
  messages.map((m) => text(m.body));
export const receipts = (messages: readonly FifoMessage[]): string[] =>
  messages.map((m) => m.receipt);

/** `group` and text, e.g. `a1`: an entry of group a; the id is the text. */
export function entry(group: string, content: string, id: string = content): FifoEntry {
  return { group, deduplicationId: id, body: new TextEncoder().encode(content) };
}

/** One queue, in few words. */
export class Queue {
  readonly harness: FifoHarness;
  readonly name: string;

  constructor(harness: FifoHarness, name: string = harness.queue) {
    this.harness = harness;
    this.name = name;
  }

  get port(): FifoQueues {
    return this.harness.queues;
  }

  send(...entries: FifoEntry[]): Promise<readonly boolean[]> {
    return this.port.send(this.name, entries, unbounded);
  }

  receive(max = 10, visibilityMs = LONG_MS): Promise<readonly FifoMessage[]> {
    return this.port.receive(this.name, { max, visibilityMs }, unbounded);
  }

  /** Receives, in several calls if need be, until `count` messages came. */
  async collect(count: number, visibilityMs = LONG_MS): Promise<FifoMessage[]> {
    const messages: FifoMessage[] = [];
    for (let i = 0; i < TRIES && messages.length < count; i += 1) {
      messages.push(...(await this.receive(Math.min(10, count - messages.length), visibilityMs)));
    }
    return messages;
  }

  /** Receives and deletes until nothing comes any more. */
  async drain(): Promise<string[]> {
    const all: string[] = [];
    for (let empty = 0; empty < 3;) {
      const messages = await this.receive();
      empty = messages.length === 0 ? empty + 1 : 0;
      all.push(...texts(messages));
      await this.delete(messages);
    }
    return all;
  }

  delete(messages: readonly FifoMessage[]): Promise<readonly boolean[]> {
    return this.port.delete(this.name, receipts(messages), unbounded);
  }

  hide(messages: readonly FifoMessage[], visibilityMs: number): Promise<void> {
    return this.port.changeVisibility(this.name, receipts(messages), visibilityMs, unbounded);
  }
}
