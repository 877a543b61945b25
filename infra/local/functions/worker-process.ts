import { type ChildProcess, fork } from "node:child_process";
import { assert } from "../../../core/assert.ts";
import type {
  FromWorker,
  Invocation,
  ToWorker,
  WorkerError,
  WorkerSetup,
} from "./worker-message.ts";

/** How an invocation ended. */
export type InvocationEnd =
  | {
      readonly kind: "done";
      /** Ids of messages that come again. */
      readonly failed: readonly string[];
    }
  /** The worker is gone; nobody knows how far it came. */
  | { readonly kind: "died"; readonly reason: string };

export interface WorkerEvents {
  /** It is free for its first invocation. */
  onReady(planHash: string): void;
  /** It cannot be used at all, and ends. */
  onUnusable(error: WorkerError): void;
  /** It ended, whatever it did. */
  onEnd(reason: string): void;
  onTold(message: WorkerNote): void;
}

/** What a worker tells beside results. */
export type WorkerNote = Extract<
  FromWorker,
  { readonly kind: "news" | "print" | "error" | "job-failed" }
>;

interface Running {
  readonly id: number;
  readonly sinceMs: number;
  readonly end: (end: InvocationEnd) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A child process that runs the functions of a job, seen from its parent.
 *
 *   WP1  at most one invocation is under way; it ends with a result, or when the process has ended:
 *        only then can it do nothing any more
 *   WP2  an invocation that takes too long ends its process
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  #running: Running | null = null;
  #ready = false;
  #ended = false;
  /** Why it was killed, if it was. */
  #reason: string | null = null;
  readonly ended: Promise<void>;

  constructor(script: string, setup: WorkerSetup, events: WorkerEvents) {
    this.#events = events;
    this.#child = fork(script, [], {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => this.#onMessage(message as FromWorker)); // our script
    this.#child.on("error", (error) => this.kill(error.message));
    this.ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.#onExit(code, signal);
        resolve();
      });
    });
    this.#send({ kind: "setup", setup });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isFree(): boolean {
    return this.#ready && !this.#ended && this.#reason === null && this.#running === null;
  }

  /** When its invocation began, by the wall clock; null: it has none. */
  get busySinceMs(): number | null {
    return this.#running?.sinceMs ?? null;
  }

  /** Resolves in any case (WP1). */
  invoke(invocation: Invocation, timeoutMs: number): Promise<InvocationEnd> {
    assert(this.isFree, "WP1: a worker runs one invocation at a time");
    return new Promise((end) => {
      const seconds = timeoutMs / 1_000;
      const timer = setTimeout(() => this.kill(`took longer than ${seconds} s`), timeoutMs);
      this.#running = { id: invocation.id, sinceMs: Date.now(), end, timer };
      this.#send(invocation);
    });
  }

  /** Ends the process at once. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill("SIGKILL");
  }

  #send(message: ToWorker): void {
    // What cannot be sent does not matter: then the process is ending.
    this.#child.send(message, () => undefined);
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.#ready = true;
        return this.#events.onReady(message.planHash);
      case "unusable":
        return this.#events.onUnusable(message.error);
      case "result": {
        if (this.#running?.id !== message.id) return;
        return this.#finish({ kind: "done", failed: message.failed });
      }
      default:
        return this.#events.onTold(message);
    }
  }

  #finish(end: InvocationEnd): void {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    clearTimeout(running.timer);
    running.end(end);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#ended = true;
    const reason = this.#reason ?? (signal === null ? `exit code ${code}` : signal);
    this.#events.onEnd(reason);
    this.#finish({ kind: "died", reason });
  }
}
