import type { FifoMessage } from "../../core/ports/index.ts";
import type { BatchResult } from "../../core/protocol/function.ts";
import type { Container } from "./container.ts";
import type { Fault } from "./fault-injector.ts";
import type { Invoker, Poison } from "./invoker.ts";
import type { QueueService } from "./queue-service.ts";
import { mix, unit } from "./random.ts";
import type { Simulation } from "./simulation.ts";

export interface MappingOptions {
  readonly functionName: string;
  readonly visibilityMs: number;
  /** The resource whose first call shows that a group is being handled; null: unknown. */
  readonly poisonResource: (queue: string, group: string) => string | null;
  readonly handle: (
    container: Container,
    queue: string,
    messages: readonly FifoMessage[],
    deadlineMs: number,
  ) => Promise<BatchResult>;
}

/**
 * The event source mapping of one FIFO queue: it polls, invokes and deletes.
 *
 *   E1  it polls only when something may be there: an idle queue makes no event
 *   E2  of a batch exactly the messages are deleted that the answer does not list as failed; none if
 *       there is no answer
 *   E3  an answer that lists a message of a group lists all of the group behind it, and only
 *       messages of the batch
 */
export class Mapping {
  readonly #sim: Simulation;
  readonly #queues: QueueService;
  readonly #invoker: Invoker;
  readonly #queue: string;
  readonly #options: MappingOptions;
  readonly #poisoned = new Map<string, number>();
  #enabled = true;
  #pollAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;

  constructor(
    sim: Simulation,
    queues: QueueService,
    invoker: Invoker,
    queue: string,
    options: MappingOptions,
  ) {
    this.#sim = sim;
    this.#queues = queues;
    this.#invoker = invoker;
    this.#queue = queue;
    this.#options = options;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    this.changed();
  }

  /** The queue may have something to give at another time than before (E1). */
  changed(): void {
    if (!this.#enabled) return;
    const visibleAt = this.#queues.memory.nextVisibleAt(this.#queue);
    if (visibleAt === null) return;
    const { injector, timeline } = this.#sim;
    const { count, hash } = injector.place("poll", this.#queue);
    const delayMs = 2 + 10 * unit(mix(hash, mix(count, 0x9011)));
    const at = Math.max(visibleAt, this.#notBefore, timeline.now + delayMs);
    if (this.#pollAt <= at) return;
    this.#pollAt = at;
    timeline.at(at, () => this.#poll(at));
  }

  /** A message that was deleted comes once more, with a receipt that belongs to nothing. */
  ghost(message: FifoMessage): void {
    const { timeline } = this.#sim;
    const word = mix(message.receiveCount, this.#sim.injector.place("gone", this.#queue).count);
    const delayMs = 1_000 * 7_200 ** unit(mix(word, 0x9057));
    timeline.after(delayMs, () => {
      if (this.#enabled) this.#invoke([message]);
    });
  }

  #poll(at: number): void {
    if (at !== this.#pollAt) return;
    this.#pollAt = Number.POSITIVE_INFINITY;
    if (!this.#enabled) return;
    const { injector, timeline } = this.#sim;
    const place = injector.place("poll", this.#queue);
    const word = injector.next(place);
    const late = injector.strikeOf("late-poll", place, word);
    if (late !== null) {
      this.#notBefore = timeline.now + late.random.logBetween(100, 300_000);
      return this.changed();
    }
    const small = injector.strikeOf("small-batch", place, word);
    const mixed = injector.strikeOf("mixed-batch", place, word);
    const max = small === null ? 10 : 1 + small.random.below(5);
    const share = mixed === null ? 10 : 1 + mixed.random.below(5);
    return void this.#receive(max, share, mixed !== null).catch((error: unknown) => {
      timeline.fail(error);
    });
  }

  async #receive(max: number, share: number, mixed: boolean): Promise<void> {
    const { visibilityMs } = this.#options;
    const messages = await this.#queues.receive(this.#queue, max, visibilityMs, share);
    if (messages.length === 0) return;
    this.#sim.usage.addMapping(messages.reduce((sum, { body }) => sum + body.length, 0));
    for (const batch of mixed ? [messages] : byGroup(messages)) this.#dispatch(batch);
  }

  #dispatch(messages: readonly FifoMessage[]): void {
    const { injector, timeline } = this.#sim;
    const place = injector.place("dispatch", this.#queue);
    const word = injector.next(place);
    const late = injector.strikeOf("late-start", place, word);
    const delayMs = late?.random.logBetween(10_000, 60_000) ?? 5 + 10 * unit(word);
    timeline.after(delayMs, () => this.#invoke(messages));
  }

  #invoke(messages: readonly FifoMessage[]): void {
    const { injector, observers } = this.#sim;
    const queue = this.#queue;
    const place = injector.place("result", queue);
    const word = injector.next(place);
    const expire = injector.strikeOf("expire", place, word);
    const lost = injector.strikeOf("result-lost", place, word);
    const partial = injector.strikeOf("result-partial", place, word);
    for (const observer of observers) {
      observer.onDeliver?.(queue, messages, this.#invoker.invocations + 1);
    }
    this.#invoker.invoke({
      functionName: this.#options.functionName,
      label: labelOf(queue, messages),
      poison: this.#poison(messages),
      run: (container, deadlineMs) => this.#options.handle(container, queue, messages, deadlineMs),
      expire: () => this.#expire(messages, expire),
      settle: (result) => {
        if (result !== null) this.#settle(messages, result, lost, partial);
      },
    });
  }

  #expire(messages: readonly FifoMessage[], fault: Fault | null): void {
    if (fault === null) return;
    const delayMs = fault.random.logBetween(1, 5_000);
    this.#sim.timeline.after(delayMs, () => this.#queues.expire(this.#queue, messages));
  }

  #settle(
    messages: readonly FifoMessage[],
    result: BatchResult,
    lost: Fault | null,
    partial: Fault | null,
  ): void {
    const { timeline } = this.#sim;
    const wrong = wrongAnswer(messages, result.failed);
    if (wrong !== null) return timeline.fail(new Error(`E3: queue ${this.#queue}: ${wrong}`));
    if (lost !== null) return undefined;
    const failed = new Set(result.failed);
    const consumed = messages.filter(({ messageId }) => !failed.has(messageId));
    const receipts = partOf(consumed, partial).map(({ receipt }) => receipt);
    if (receipts.length === 0) return undefined;
    return timeline.after(5, () => {
      this.#sim.usage.addMapping(0);
      this.#queues.delete(this.#queue, receipts, null).catch((error: unknown) => {
        timeline.fail(error);
      });
    });
  }

  /** A poisoned group kills the invocations that handle it, until it has had enough. */
  #poison(messages: readonly FifoMessage[]): Poison | null {
    const { injector } = this.#sim;
    for (const group of new Set(messages.map((message) => message.group))) {
      const left = this.#poisoned.get(group) ?? 0;
      const place = injector.place("group", this.#queue);
      const fault = injector.strikeOf("poison", place, injector.next(place));
      const kills = left + (fault === null ? 0 : 2 + fault.random.below(5));
      if (kills === 0) continue;
      this.#poisoned.set(group, kills);
      const resource = this.#options.poisonResource(this.#queue, group);
      return { resource, onKill: () => this.#poisoned.set(group, kills - 1) };
    }
    return null;
  }
}

function byGroup(messages: readonly FifoMessage[]): readonly (readonly FifoMessage[])[] {
  const groups = new Set(messages.map(({ group }) => group));
  return [...groups].map((group) => messages.filter((message) => message.group === group));
}

function labelOf(queue: string, messages: readonly FifoMessage[]): string {
  const texts = messages.map(
    ({ group, messageId, receiveCount }) =>
      `${group}:${messageId}${receiveCount === 1 ? "" : `(${receiveCount})`}`,
  );
  return `${queue} ${texts.join(" ")}`;
}

/** A prefix or a suffix: what is left out comes again. */
function partOf<T>(list: readonly T[], fault: Fault | null): readonly T[] {
  if (fault === null) return list;
  const cut = fault.random.below(list.length + 1);
  return fault.random.chance(0.5) ? list.slice(0, cut) : list.slice(cut);
}

function wrongAnswer(messages: readonly FifoMessage[], failed: readonly string[]): string | null {
  const listed = new Set(failed);
  const broken = new Set<string>();
  for (const { group, messageId } of messages) {
    if (listed.delete(messageId)) broken.add(group);
    else if (broken.has(group)) {
      return `answer lists a message of group ${group} but not ${messageId} behind it; list it too`;
    }
  }
  if (listed.size === 0) return null;
  return `answer lists ${[...listed].join(", ")}, not in the batch; list message ids of the event`;
}
