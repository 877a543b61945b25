import type { Output } from "./operator.ts";
import type { UndoLog } from "./undo-log.ts";

/** With dead letters on, notes which operator of the chain is at work. */
export class TracingLink implements Output<unknown> {
  readonly #next: Output<unknown>;
  readonly #uid: string;
  readonly #undo: UndoLog;

  constructor(next: Output<unknown>, uid: string, undo: UndoLog) {
    this.#next = next;
    this.#uid = uid;
    this.#undo = undo;
  }

  process(value: unknown, timestamp: number): void {
    const caller = this.#undo.running;
    this.#undo.running = this.#uid;
    this.#next.process(value, timestamp);
    this.#undo.running = caller;
  }

  watermark(timestamp: number): void {
    this.#next.watermark(timestamp);
  }

  status(idle: boolean): void {
    this.#next.status(idle);
  }
}
