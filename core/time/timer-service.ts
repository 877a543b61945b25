import type { Clock } from "../ports/index.ts";
import type { KeyedStateBackend, StateTable, TimeDomain, TimerIndex } from "../state/index.ts";
import { EVENT_TIME, PROCESSING_TIME, StateScope } from "../state/index.ts";
import { MIN_WATERMARK } from "../timestamp.ts";
import type { Budget } from "./budget.ts";
import { TimerQueue, checkTimestamp } from "./timer-queue.ts";

/** Who is called when timers fire: an operator. */
export interface TimerTarget {
  onEventTime(timestamp: number, scope: StateScope): void;
  onProcessingTime(timestamp: number, scope: StateScope): void;
  onNamespaceEventTime(timestamp: number, namespace: string | number): void;
  onNamespaceProcessingTime(timestamp: number, namespace: string | number): void;
}

/**
 * The timers of one operator and subtask.
 *
 *   TS1  at most one timer per key, namespace, time and domain (semantics 20)
 *   TS2  timers fire in the order of their times, also those that firing registers; of equal times
 *        first those of whole namespaces, then those of keys, each in the order of registration
 *        (after a restore: of the tables)
 *   TS3  a timer is gone before its callback runs, so the callback may register it again
 *   TS4  between two timers the budget may end an advance; nothing else is lost by that
 */
export class TimerService implements TimerIndex {
  readonly #state: KeyedStateBackend;
  readonly #clock: Clock;
  readonly #target: TimerTarget;
  readonly #eventTime: TimerQueue;
  readonly #processingTime: TimerQueue;
  /** For timers in a namespace; those of the keyed table fire with the backend's own scope. */
  readonly #scope: StateScope;
  #watermark: number;
  #fired: number;

  /** `before`: the service of the same tables that is used no more, to go on with. */
  constructor(
    state: KeyedStateBackend,
    clock: Clock,
    target: TimerTarget,
    before: TimerService | null = null,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#target = target;
    const { tables } = state;
    this.#eventTime = before === null ? new TimerQueue(tables, EVENT_TIME) : before.#eventTime;
    this.#processingTime =
      before === null ? new TimerQueue(tables, PROCESSING_TIME) : before.#processingTime;
    this.#scope = new StateScope(state.keyed);
    this.#watermark = MIN_WATERMARK;
    this.#fired = 0;
    if (before === null) tables.attachTimerIndex(this);
    else tables.handOver(this);
  }

  /** The watermark that timers have fired up to; MIN_WATERMARK at first and after a restore. */
  get currentWatermark(): number {
    return this.#watermark;
  }

  /** Goes on at the watermark of an earlier turn, whose timers have fired. */
  resumeWatermark(watermark: number): void {
    this.#watermark = watermark;
  }

  /** Entries of its queues in memory, stale ones too. */
  get entries(): number {
    return this.#eventTime.entries + this.#processingTime.entries;
  }

  /** How many timers have fired. */
  get fired(): number {
    return this.#fired;
  }

  /** Milliseconds since the epoch. */
  get currentProcessingTime(): number {
    return this.#clock.now();
  }

  /** Registers a timer for the key of `scope` in its namespace; twice is as good as once. */
  registerEventTime(scope: StateScope, timestamp: number): void {
    this.#eventTime.add(scope.table, scope.slotForWrite(), timestamp);
  }

  /** Deletes a timer; one that does not exist is no error. */
  deleteEventTime(scope: StateScope, timestamp: number): void {
    const slot = scope.find();
    if (slot >= 0) this.#eventTime.remove(scope.table, slot, timestamp);
  }

  registerProcessingTime(scope: StateScope, timestamp: number): void {
    this.#processingTime.add(scope.table, scope.slotForWrite(), timestamp);
  }

  deleteProcessingTime(scope: StateScope, timestamp: number): void {
    const slot = scope.find();
    if (slot >= 0) this.#processingTime.remove(scope.table, slot, timestamp);
  }

  /** One timer for all keys of a namespace (a window's end). Cheap when it is already registered. */
  registerNamespaceEventTime(namespace: string | number, timestamp: number): void {
    checkTimestamp(timestamp);
    this.#eventTime.namespaces.add(namespace, timestamp);
  }

  deleteNamespaceEventTime(namespace: string | number, timestamp: number): void {
    this.#eventTime.namespaces.remove(namespace, timestamp);
  }

  registerNamespaceProcessingTime(namespace: string | number, timestamp: number): void {
    checkTimestamp(timestamp);
    this.#processingTime.namespaces.add(namespace, timestamp);
  }

  deleteNamespaceProcessingTime(namespace: string | number, timestamp: number): void {
    this.#processingTime.namespaces.remove(namespace, timestamp);
  }

  /**
   * Fires all event-time timers <= watermark in time order, also those that firing registers.
   * False: the budget ended first; call again with the same or a later watermark. `currentWatermark`
   * is the new watermark from the first call on.
   */
  advanceEventTime(watermark: number, budget: Budget): boolean {
    if (watermark > this.#watermark) this.#watermark = watermark;
    return this.#advance(EVENT_TIME, this.#eventTime, watermark, budget);
  }

  /** Fires all processing-time timers <= now, as `advanceEventTime` does. */
  advanceProcessingTime(now: number, budget: Budget): boolean {
    return this.#advance(PROCESSING_TIME, this.#processingTime, now, budget);
  }

  /** The earliest processing-time timer, or null. */
  nextProcessingTime(): number | null {
    const queue = this.#processingTime;
    const next = Math.min(queue.firstTime(), queue.namespaces.firstTime());
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  timersReset(): void {
    this.#eventTime.reset();
    this.#processingTime.reset();
  }

  timerFound(domain: TimeDomain, table: StateTable, slot: number, timestamp: number): void {
    const queue = domain === EVENT_TIME ? this.#eventTime : this.#processingTime;
    queue.push(table, slot, timestamp);
  }

  #advance(domain: TimeDomain, queue: TimerQueue, until: number, budget: Budget): boolean {
    let first = true;
    for (;;) {
      const keyTime = queue.firstTime();
      const namespaceTime = queue.namespaces.firstTime();
      if (keyTime > until && namespaceTime > until) return true;
      if (!first && budget.exhausted()) return false;
      first = false;
      this.#fired += 1;
      if (namespaceTime <= keyTime) this.#fireNamespace(domain, queue, namespaceTime);
      else this.#fireKey(domain, queue, keyTime);
    }
  }

  #fireNamespace(domain: TimeDomain, queue: TimerQueue, time: number): void {
    const namespace = queue.namespaces.takeFirst();
    if (domain === EVENT_TIME) this.#target.onNamespaceEventTime(time, namespace);
    else this.#target.onNamespaceProcessingTime(time, namespace);
  }

  #fireKey(domain: TimeDomain, queue: TimerQueue, time: number): void {
    const table = queue.firstTable();
    const slot = queue.firstSlot();
    queue.takeFirst();
    const scope = this.#enter(table, slot);
    if (domain === EVENT_TIME) this.#target.onEventTime(time, scope);
    else this.#target.onProcessingTime(time, scope);
  }

  /** Makes the timer's key current, and finds its slot in its table without a lookup. */
  #enter(table: StateTable, slot: number): StateScope {
    this.#state.setCurrentIdentity(table.identity(slot));
    const scope = table === this.#state.keyed ? this.#state.scope : this.#scope;
    scope.enterSlot(table, slot);
    return scope;
  }
}
