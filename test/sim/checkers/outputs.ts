import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { SimJob } from "../jobs/sim-job.ts";
import type { GuardRecord, Row } from "../sinks.ts";
import type { Checker, Published } from "./checker.ts";
import { Violation } from "./violation.ts";

/** Phases after which a restore loses and repeats nothing. */
const ENDED: readonly string[] = ["stopped", "finished"];

/** Rows of a sink, and the checkpoint that they were published with. */
interface Part {
  readonly checkpoint: number;
  readonly rows: readonly Row[];
}

/**
 * What stands outside at the end: exactly what a batch computation makes of the input.
 *
 *   two-phase     every row once; after a restore to an older checkpoint only what it holds counts
 *   write-ahead   every row once as long as nobody went back; else no row is missing
 *   direct        no row is missing
 */
export class ExactlyOnce implements Checker {
  readonly rule = "EXACTLY-ONCE";
  readonly #job: SimJob;
  readonly #size: number;
  readonly #parts = new Map<string, Part[]>();
  readonly #rows = new Map<string, Row[]>();
  #ran: string | null = null;
  /** Some restore went back behind output that was applied. */
  #wentBack = false;

  constructor(job: SimJob, size: number) {
    this.#job = job;
    this.#size = size;
    for (const sink of Object.keys(job.sinks)) {
      this.#parts.set(sink, []);
      this.#rows.set(sink, []);
    }
  }

  onJobRecord({ phase }: JobRecord): void {
    if (phase !== "sealing") this.#ran = phase;
    else if (this.#ran !== null && !ENDED.includes(this.#ran)) this.#wentBack = true;
  }

  onPublished({ sink, checkpoint, rows }: Published): void {
    this.#parts.get(sink)?.push({ checkpoint, rows });
  }

  onGuard(sink: string, { rows }: GuardRecord): void {
    this.#rows.get(sink)?.push(...rows);
  }

  onDirect(sink: string, rows: readonly Row[]): void {
    this.#rows.get(sink)?.push(...rows);
  }

  /** What was published after `checkpoint` and up to `last` counts no more: somebody went back. */
  forget(checkpoint: number, last: number): void {
    this.#wentBack = true;
    for (const [sink, parts] of this.#parts) {
      const kept = parts.filter((part) => part.checkpoint <= checkpoint || part.checkpoint > last);
      this.#parts.set(sink, kept);
    }
  }

  atEnd(): void {
    const outputs: Record<string, readonly Row[]> = {};
    for (const [sink, kind] of Object.entries(this.#job.sinks)) {
      const rows =
        kind === "two-phase"
          ? (this.#parts.get(sink) ?? []).flatMap((part) => part.rows)
          : (this.#rows.get(sink) ?? []);
      const { rowKey } = this.#job;
      const keys = rowKey === undefined ? rows : rows.map(rowKey);
      const repeats = kind === "direct" || (kind === "write-ahead" && this.#wentBack);
      outputs[sink] = repeats ? [...new Set(keys)] : keys;
    }
    const verdict = this.#job.check(outputs, this.#size);
    if (verdict !== null) throw new Violation(this.rule, verdict);
  }
}
