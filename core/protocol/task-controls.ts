import { AssertionError, assert, assertNever } from "../assert.ts";
import type { StreamTask } from "../runtime/stream-task.ts";
import { broken } from "./canaries.ts";
import type { Control, FromCoordinator } from "./control.ts";
import { COORDINATOR_PEER } from "./job-topology.ts";
import type { StagedOutput } from "./staged-output.ts";
import type { TaskMemory } from "./task-memory.ts";
import type { TurnWork } from "./turn-work.ts";

/** What a task does when its coordinator, a receiver, or whoever starts the job tells it something. */
export class TaskControls {
  readonly #task: StreamTask;
  readonly #memory: TaskMemory;
  readonly #staged: StagedOutput;

  constructor(task: StreamTask, memory: TaskMemory, staged: StagedOutput) {
    this.#task = task;
    this.#memory = memory;
    this.#staged = staged;
  }

  /** A message that is no channel message. */
  signal(kind: "wake" | "start" | "command" | "acknowledged", work: TurnWork): void {
    assert(kind !== "acknowledged", "only a coordinator hears of a full set");
    if (kind === "wake") work.wakeTaken = true;
    if (kind !== "start") return;
    // What the restored checkpoint holds pre-committed is published first (H11), and nothing that was
    // cut since: a start may come late.
    if (!broken("no-start")) this.#staged.publish(this.#memory.restoredCheckpoint, work.effects);
    this.#memory.more = true;
  }

  control(peer: number, control: Control, work: TurnWork): void {
    switch (control.kind) {
      case "trigger":
        return this.#trigger(control, work);
      case "notify":
        work.notified.push(control.checkpoint);
        this.#staged.publish(control.checkpoint, work.effects);
        if (!control.answer) return;
        work.controls.push({
          to: COORDINATOR_PEER,
          control: { kind: "committed", checkpoint: control.checkpoint },
        });
        if (broken("active-any")) work.active = true;
        return;
      case "resume":
        // It may be here before the barrier of its stop.
        this.#memory.failedStop = control.checkpoint;
        this.#memory.stopped = false;
        this.#memory.more = true;
        work.resumed = true;
        return;
      case "splits":
        this.#memory.splitRequested = false;
        // A reader that was made anew has asked once more for what comes here.
        this.#memory.splitWanted = false;
        this.#task.source?.addSplits(control.splits);
        this.#memory.more = true;
        work.active = true;
        return;
      case "no-more-splits":
        this.#memory.splitRequested = false;
        this.#memory.noMoreSplits = true;
        this.#task.source?.noMoreSplits();
        this.#memory.more = true;
        return;
      case "repair":
        work.effects.push({ kind: "repair", peer, behind: control.behind });
        return;
      case "continue":
        return;
      case "active":
      case "ack":
      case "decline":
      case "committed":
      case "finished":
      case "request-split":
        throw new AssertionError(`a task takes no ${control.kind}`);
      default:
        return assertNever(control);
    }
  }

  #trigger(trigger: FromCoordinator & { readonly kind: "trigger" }, work: TurnWork): void {
    if (trigger.checkpoint <= this.#memory.lastCheckpoint) return;
    if (broken("finished-no-barrier") && this.#task.ended) return;
    work.trigger = trigger;
  }
}
