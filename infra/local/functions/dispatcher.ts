import { JobError } from "../../../core/errors.ts";
import { type DelayedMessage, type FifoMessage, unbounded } from "../../../core/ports/index.ts";
import type { FilePorts } from "./file-ports.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { InvocationEnd } from "./worker-process.ts";
import type { News } from "./worker-message.ts";

export interface DispatcherOptions {
  readonly ports: FilePorts;
  /** In the order in which they are looked at. */
  readonly queues: readonly string[];
  readonly pool: WorkerPool;
  /** An invocation has ended, and its messages are where they belong. */
  onEnd(queue: string | null, end: InvocationEnd): void;
  /** It cannot go on. */
  onFailure(error: unknown): void;
}

/** As an event source mapping has them. */
const BATCH_MESSAGES = 10;
const FUNCTION = { timeoutMs: 20_000, visibilityMs: 30_000 };
/** Forwarding a wake-up takes milliseconds, and nobody can hand one back earlier. */
const TIMER = { timeoutMs: 4_000, visibilityMs: 5_000 };
/** Workers that ended in a row while they had messages of one group. */
const DEATHS_MAX = 10;

/**
 * Hands the messages of a job's queues to its workers: the one receiver of all queues.
 *
 *   DI1  what a result does not name as failed is deleted; all else comes again
 *   DI2  the messages of a worker that ended are visible again once it has ended
 *   DI3  it sleeps until somebody tells of news, a worker is free, or a message is due; nothing is
 *        asked again and again
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #underWay = new Set<Promise<void>>();
  /** By queue and group: how often in a row its worker ended. */
  readonly #deaths = new Map<string, number>();
  /** The next queue to look at, so that none is always the last. */
  #next = 0;
  /** When the next wake-up is due; null: not known. */
  #wakeUpsAt: number | null = null;
  #begun = false;
  #stopped = false;
  /** Null: nobody looks at the queues. */
  #pumping: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Delivers from now on. */
  begin(): void {
    this.#begun = true;
    this.poke();
  }

  /** Something may be there to be delivered. */
  poke(news: News | null = null): void {
    if (news === "wake-ups") this.#wakeUpsAt = null;
    this.#again = true;
    if (!this.#begun || this.#stopped) return;
    this.#pumping ??= this.#pump()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#pumping = null;
        // Somebody may have poked while the time to sleep was found out.
        if (this.#again) this.poke();
      });
  }

  /** Delivers nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#pumping;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #pump(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      while (!this.#stopped && this.#options.pool.hasFree && (await this.#deliver()));
    }
    await this.#sleep();
  }

  /** Hands out what is there of one queue; false: nothing is. */
  async #deliver(): Promise<boolean> {
    if (await this.#deliverWakeUps()) return true;
    const { queues, ports } = this.#options;
    for (let i = 0; i < queues.length; i += 1) {
      const at = (this.#next + i) % queues.length;
      const queue = queues[at] ?? "";
      if ((await this.#readyAt(queue)) > ports.clock.now()) continue;
      const receiver = await ports.queues.receiver(queue);
      const messages = await receiver.receive(BATCH_MESSAGES, FUNCTION.visibilityMs);
      if (messages.length === 0) continue;
      this.#next = (at + 1) % queues.length;
      this.#invoke(queue, messages);
      return true;
    }
    return false;
  }

  /** When something of a queue may be delivered, as far as it is known now. */
  async #readyAt(queue: string): Promise<number> {
    const { ports, pool } = this.#options;
    const receiver = await ports.queues.receiver(queue);
    return Math.max(receiver.nextVisibleAt() ?? Infinity, pool.readyAt(queue));
  }

  async #deliverWakeUps(): Promise<boolean> {
    const { ports, pool } = this.#options;
    const { delays, clock } = ports;
    if ((await this.#nextWakeUp()) > clock.now()) return false;
    this.#wakeUpsAt = null;
    const { visibilityMs, timeoutMs } = TIMER;
    const messages = await delays.receive({ max: BATCH_MESSAGES, visibilityMs }, unbounded);
    if (messages.length === 0) return false;
    const deadlineMs = clock.now() + timeoutMs;
    const ended = pool.run({ kind: "timer", messages, deadlineMs }, "", timeoutMs);
    // Without a worker they are visible again after a while.
    if (ended !== null) this.#track(ended.then((end) => this.#afterTimer(messages, end)));
    return true;
  }

  #invoke(queue: string, messages: readonly FifoMessage[]): void {
    const { ports, pool } = this.#options;
    const { timeoutMs } = FUNCTION;
    const deadlineMs = ports.clock.now() + timeoutMs;
    const ended = pool.run({ kind: "queue", queue, messages, deadlineMs }, queue, timeoutMs);
    this.#track(
      ended === null
        ? this.#handBack(queue, messages)
        : ended.then((end) => this.#afterQueue(queue, messages, end)),
    );
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#underWay.delete(tracked);
        this.poke();
      });
    this.#underWay.add(tracked);
  }

  async #afterQueue(
    queue: string,
    messages: readonly FifoMessage[],
    end: InvocationEnd,
  ): Promise<void> {
    if (end.kind === "died") {
      this.#countDeath(queue, messages, end.reason);
      await this.#handBack(queue, messages);
    } else {
      for (const { group } of messages) this.#deaths.delete(`${queue} ${group}`);
      const done = messages.filter(({ messageId }) => !end.failed.includes(messageId));
      await this.#options.ports.queues.delete(queue, receiptsOf(done), unbounded);
    }
    this.#options.onEnd(queue, end);
  }

  async #afterTimer(messages: readonly DelayedMessage[], end: InvocationEnd): Promise<void> {
    if (end.kind === "done") {
      const done = messages.filter(({ messageId }) => !end.failed.includes(messageId));
      await this.#options.ports.delays.delete(receiptsOf(done), unbounded);
    }
    this.#wakeUpsAt = null;
    this.#options.onEnd(null, end);
  }

  async #nextWakeUp(): Promise<number> {
    this.#wakeUpsAt ??= (await this.#options.ports.delays.nextVisibleAt()) ?? Infinity;
    return this.#wakeUpsAt;
  }

  /** DI2. */
  async #handBack(queue: string, messages: readonly FifoMessage[]): Promise<void> {
    await this.#options.ports.queues.changeVisibility(queue, receiptsOf(messages), 0, unbounded);
  }

  #countDeath(queue: string, messages: readonly FifoMessage[], reason: string): void {
    for (const group of new Set(messages.map((message) => message.group))) {
      const key = `${queue} ${group}`;
      const deaths = (this.#deaths.get(key) ?? 0) + 1;
      this.#deaths.set(key, deaths);
      if (deaths > DEATHS_MAX) this.#fail(alwaysDies(queue, deaths, reason));
    }
  }

  /** DI3: until the next message is visible; news come as pokes. */
  async #sleep(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { ports, pool, queues } = this.#options;
    // With no worker free, the next free one pokes.
    if (this.#stopped || !pool.hasFree) return;
    let at = await this.#nextWakeUp();
    for (const queue of queues) at = Math.min(at, await this.#readyAt(queue));
    if (at === Infinity || this.#stopped) return;
    const leftMs = Math.max(1, Math.min(at - ports.clock.now(), SLEEP_MS_MAX));
    this.#timer = setTimeout(() => this.poke(), leftMs);
  }

  #fail(error: unknown): void {
    if (!this.#stopped) this.#options.onFailure(error);
  }
}

/** What a timer of Node can wait. */
const SLEEP_MS_MAX = 2_147_483_647;

function receiptsOf(messages: readonly { readonly receipt: string }[]): readonly string[] {
  return messages.map(({ receipt }) => receipt);
}

function alwaysDies(queue: string, deaths: number, reason: string): JobError {
  return new JobError(`${deaths} workers in a row ended with messages of ${queue} (${reason})`, {
    code: "JOB_WORKER_DIES",
    hint: "find what ends them (process.exit, memory, a loop without end) and run the job again: it goes on",
  });
}
