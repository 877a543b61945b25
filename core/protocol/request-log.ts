import { limits } from "../limits.ts";
import type { Command } from "./control.ts";

/** What became of a command. */
export interface RequestResult {
  readonly requestId: string;
  readonly command: Command["kind"];
  readonly state: "pending" | "done" | "failed";
  /** The checkpoint or savepoint that it asks for; null: not triggered. */
  readonly checkpoint: number | null;
  /** Of a request that is done: the folder of its savepoint or checkpoint. */
  readonly path: string | null;
  /** Of a failed request: why. */
  readonly reason: string | null;
}

/**
 * The commands that a coordinator has taken, with their results.
 *
 *   RL1  a request that is known has no effect any more (I-ONCE); of the settled ones the newest
 *        `requestsKept` are known
 *   RL2  a settled request never changes
 */
export class RequestLog {
  readonly #results: Map<string, RequestResult>;

  constructor(results: readonly RequestResult[]) {
    this.#results = new Map(results.map((result) => [result.requestId, result]));
  }

  has(requestId: string): boolean {
    return this.#results.has(requestId);
  }

  isStop(requestId: string): boolean {
    return this.#results.get(requestId)?.command === "stop";
  }

  add(requestId: string, command: Command["kind"]): void {
    const result = { requestId, command, state: "pending", checkpoint: null } as const;
    this.#results.set(requestId, { ...result, path: null, reason: null });
    this.#forgetOldest();
  }

  /** The request's checkpoint was triggered. */
  triggered(requestId: string, checkpoint: number): void {
    this.#change((result) => result.requestId === requestId, { checkpoint });
  }

  /** All requests for a stop wait for one savepoint. */
  stopTriggered(checkpoint: number): void {
    this.#change(({ command }) => command === "stop", { checkpoint });
  }

  done(checkpoint: number, path: string): void {
    this.#change((result) => result.checkpoint === checkpoint, { state: "done", path });
  }

  failed(checkpoint: number, reason: string): void {
    this.#change((result) => result.checkpoint === checkpoint, { state: "failed", reason });
  }

  refused(requestId: string, reason: string): void {
    this.#change((result) => result.requestId === requestId, { state: "failed", reason });
  }

  capture(): readonly RequestResult[] {
    return [...this.#results.values()];
  }

  #change(concerns: (result: RequestResult) => boolean, change: Partial<RequestResult>): void {
    for (const [requestId, result] of this.#results) {
      if (result.state !== "pending" || !concerns(result)) continue; // RL2
      this.#results.set(requestId, { ...result, ...change });
    }
  }

  #forgetOldest(): void {
    for (const [requestId, { state }] of this.#results) {
      if (this.#results.size <= limits.requestsKept) return;
      if (state !== "pending") this.#results.delete(requestId);
    }
  }
}
