import type { Checker, Commit, SentItem } from "./checker.ts";
import type { Completions } from "./completions.ts";
import { Violation } from "./violation.ts";

/** Checkpoints in a row that nothing happened for; some may be asked for. */
const VAIN_MAX = 8;

/**
 * I-IDLE: checkpoints are completed because something happened. What they make happen themselves
 * (barriers, acknowledgements, notifications) does not count, or there would be no end.
 */
export class IdleChecker implements Checker {
  readonly rule = "I-IDLE";
  readonly #completions: Completions;
  #vain = 0;

  constructor(completions: Completions) {
    this.#completions = completions;
  }

  onCommit({ after, changes }: Commit): void {
    const worked =
      after.sent.some(({ items }) => items.some(isWork)) ||
      after.outbox.effects.some(({ kind }) => kind === "apply" || kind === "write") ||
      changes.some(({ name }) => isState(name));
    if (worked) this.#vain = 0;
    for (const checkpoint of this.#completions.newIn(after)) {
      this.#vain += 1;
      if (this.#vain <= VAIN_MAX) continue;
      throw new Violation(
        this.rule,
        `checkpoint ${checkpoint} is the ${this.#vain}th in a row for nothing`,
      );
    }
  }
}

function isState(name: string): boolean {
  return name.startsWith("staged:") || name.startsWith("keyed:");
}

function isWork(item: SentItem): boolean {
  if (item.kind === "control") return item.control.kind === "splits";
  return item.element.kind !== "barrier";
}
