import type { Checker, Commit, SentItem } from "./checker.ts";
import { Violation } from "./violation.ts";

/** Checkpoints in a row that nothing happened for; some may be asked for. */
const VAIN_MAX = 8;

/**
 * I-IDLE: checkpoints are taken because something happened. What they make happen themselves
 * (barriers, acknowledgements, notifications) does not count, or there would be no end.
 */
export class IdleChecker implements Checker {
  readonly rule = "I-IDLE";
  #vain = 0;
  #triggered = 0;

  onCommit({ after, changes }: Commit): void {
    const items = after.sent.flatMap((sent) => sent.items);
    const trigger = items.find(
      (item) => item.kind === "control" && item.control.kind === "trigger",
    );
    const worked =
      items.some(isWork) ||
      after.outbox.effects.some(({ kind }) => kind === "apply" || kind === "write") ||
      changes.some(({ name, mode }) => mode === "append" && isState(name));
    if (worked) this.#vain = 0;
    if (trigger === undefined) return;
    const { control } = trigger as Extract<SentItem, { readonly kind: "control" }>;
    if (control.kind !== "trigger" || control.checkpoint === this.#triggered) return;
    this.#triggered = control.checkpoint;
    this.#vain += 1;
    if (this.#vain <= VAIN_MAX) return;
    throw new Violation(
      this.rule,
      `checkpoint ${control.checkpoint} is the ${this.#vain}th in a row for nothing`,
    );
  }
}

function isState(name: string): boolean {
  return name.startsWith("staged:") || name.startsWith("keyed:");
}

function isWork(item: SentItem): boolean {
  if (item.kind === "control") return item.control.kind === "splits";
  return item.element.kind !== "barrier";
}
