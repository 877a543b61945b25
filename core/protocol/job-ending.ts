import { assert, assertNever } from "../assert.ts";
import type { Command } from "./control.ts";

/** How far a job is on its way to its end. */
export type Ending =
  | { readonly kind: "running" }
  /** Everything has seen the end of its input: the last checkpoint is wanted. */
  | { readonly kind: "finishing" }
  /** Somebody asked for a stop; null: its savepoint is not triggered yet. */
  | { readonly kind: "stopping"; readonly drain: boolean; readonly checkpoint: number | null }
  /** The last checkpoint is complete; those subtasks have not published it yet. */
  | {
      readonly kind: "closing";
      readonly phase: "finished" | "stopped";
      readonly checkpoint: number;
      readonly waiting: readonly string[];
    }
  | {
      readonly kind: "over";
      readonly phase: "finished" | "stopped";
      readonly checkpoint: number;
    };

/** What is known of the end of a job, as a value of the codec. */
export interface CapturedEnding {
  readonly ending: Ending;
  /** Names of the subtasks that have finished. */
  readonly finished: readonly string[];
  /** Sums of the subtasks that have finished. */
  readonly accumulators: Readonly<Record<string, number>>;
}

/**
 * How a job ends: all its input has ended, or it was stopped.
 *
 *   JE1  it is over only when every subtask with a two-phase sink has published what its last
 *        checkpoint holds (H11)
 *   JE2  of a stop and the end of the input the first one decides; the other waits until it fails
 */
export class JobEnding {
  readonly #subtasks: number;
  readonly #finished: Set<string>;
  readonly #accumulators: Map<string, number>;
  #ending: Ending;

  constructor(subtasks: number, { ending, finished, accumulators }: CapturedEnding) {
    this.#subtasks = subtasks;
    this.#ending = ending;
    this.#finished = new Set(finished);
    this.#accumulators = new Map(Object.entries(accumulators));
  }

  get ending(): Ending {
    return this.#ending;
  }

  get accumulators(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#accumulators);
  }

  subtaskFinished(name: string, accumulators: readonly (readonly [string, number])[]): void {
    if (this.#finished.has(name)) return;
    this.#finished.add(name);
    for (const [accumulator, sum] of accumulators) {
      this.#accumulators.set(accumulator, (this.#accumulators.get(accumulator) ?? 0) + sum);
    }
  }

  /** True: from now on the last checkpoint is wanted. */
  finish(): boolean {
    if (this.#ending.kind !== "running" || this.#finished.size < this.#subtasks) return false;
    this.#ending = { kind: "finishing" };
    return true;
  }

  /** Why a command has no place now; null: it has. */
  refuses(command: Command): string | null {
    const { ending } = this;
    switch (ending.kind) {
      case "running":
        return null;
      case "finishing":
        return command.kind === "stop"
          ? "all input has ended and the job finishes by itself"
          : null;
      case "stopping": {
        const joins = command.kind === "stop" && command.drain === ending.drain;
        return joins ? null : "the job is being stopped";
      }
      case "closing":
        return "the job is ending";
      case "over":
        return `the job is ${ending.phase}`;
      default:
        return assertNever(ending);
    }
  }

  stop(drain: boolean): void {
    assert(this.#ending.kind === "running", "JE2: a job that runs is stopped");
    this.#ending = { kind: "stopping", drain, checkpoint: null };
  }

  /** The savepoint of the stop is `checkpoint`. */
  stopTriggered(checkpoint: number): void {
    assert(this.#ending.kind === "stopping", "a stop is under way");
    this.#ending = { ...this.#ending, checkpoint };
  }

  stopFailed(): void {
    assert(this.#ending.kind === "stopping", "a stop is under way");
    this.#ending = { kind: "running" };
  }

  /** What the completion of this savepoint, or last checkpoint, makes of the job; null: it goes on. */
  endsWith(checkpoint: number, final: boolean): "finished" | "stopped" | null {
    const { ending } = this;
    if (ending.kind === "stopping" && ending.checkpoint === checkpoint) return "stopped";
    return ending.kind === "finishing" && final ? "finished" : null;
  }

  close(phase: "finished" | "stopped", checkpoint: number, waiting: readonly string[]): void {
    this.#ending = { kind: "closing", phase, checkpoint, waiting };
  }

  /** A subtask has published everything up to `checkpoint`. */
  committed(name: string, checkpoint: number): void {
    const { ending } = this;
    if (ending.kind !== "closing" || checkpoint < ending.checkpoint) return;
    this.#ending = { ...ending, waiting: ending.waiting.filter((each) => each !== name) };
  }

  /** The job is over if nobody is waited for (JE1); null: it is not, or was before. */
  end(): (Ending & { readonly kind: "over" }) | null {
    const { ending } = this;
    if (ending.kind !== "closing" || ending.waiting.length > 0) return null;
    const over = { kind: "over", phase: ending.phase, checkpoint: ending.checkpoint } as const;
    this.#ending = over;
    return over;
  }

  capture(): CapturedEnding {
    return {
      ending: this.#ending,
      finished: [...this.#finished],
      accumulators: this.accumulators,
    };
  }
}
