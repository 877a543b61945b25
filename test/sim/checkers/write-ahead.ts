import type { GuardRecord } from "../sinks.ts";
import type { Checker } from "./checker.ts";
import { Violation } from "./violation.ts";

/** WRITE-AHEAD: what a version says is applied once, and never after something later. */
export class WriteAheadChecker implements Checker {
  readonly rule = "WRITE-AHEAD";
  readonly #seen = new Map<string, GuardRecord>();

  onGuard(sink: string, guard: GuardRecord): void {
    const { runId, uid, subtask, generation, version } = guard;
    const name = `${sink} ${runId} ${uid}/${subtask}`;
    const last = this.#seen.get(name);
    this.#seen.set(name, guard);
    if (last === undefined) return;
    if (generation > last.generation) return;
    if (generation === last.generation && version > last.version) return;
    throw new Violation(
      this.rule,
      `${name} applies ${generation}.${version} after ${last.generation}.${last.version}`,
    );
  }
}
