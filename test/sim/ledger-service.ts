import type { AppendResult, LedgerPage, LedgerRow } from "../../core/ports/index.ts";
import { MemoryLedger } from "../../infra/memory/memory-ledger.ts";
import type { Call } from "./call.ts";
import type { Fault } from "./fault-injector.ts";
import type { Stream } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import { unitBytes } from "./usage.ts";

/** The ledgers as a service, below its clients. */
export class LedgerService {
  readonly memory: MemoryLedger;
  readonly #sim: Simulation;
  #pageRows = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.memory = new MemoryLedger({ pageRows: () => this.#pageRows });
  }

  async append(
    partition: string,
    version: number,
    item: Uint8Array,
    call: Call,
  ): Promise<AppendResult> {
    const result = await this.memory.append(partition, version, item);
    if (!result.appended) return result;
    for (const observer of this.#sim.observers) observer.onAppend?.(partition, version, item, call);
    return result;
  }

  read(partition: string, from: number, pageRows: number): Promise<LedgerPage> {
    this.#pageRows = pageRows;
    return this.memory.read(partition, from);
  }

  /** A page whose rows are read at several instants: in between others append and trim. */
  async tornRead(partition: string, from: number, random: Stream): Promise<LedgerPage> {
    const rows: LedgerRow[] = [];
    let next = from;
    for (let parts = 2 + random.below(3); parts > 0; parts -= 1) {
      const page = await this.read(partition, next, parts === 1 ? 1_000_000 : 1 + random.below(3));
      rows.push(...page.rows);
      next = (rows.at(-1)?.version ?? next - 1) + 1;
      if (parts === 1 || !page.more) return { rows, more: page.more };
      await this.#wait(random.logBetween(1, 500));
    }
    return { rows, more: true };
  }

  /**
   * Rows go one by one, ascending: who stops half-way leaves the later ones. Answers with the units
   * of what is gone.
   */
  async trim(
    partition: string,
    versions: readonly number[],
    call: Call,
    fault: Fault | null,
  ): Promise<number> {
    const partly = fault?.kind === "lost" || fault?.kind === "crash-after";
    const count = partly ? fault.random.below(versions.length + 1) : versions.length;
    const gone = versions.slice(0, count);
    const units = this.#unitsOf(partition, gone);
    await this.memory.trim(partition, gone);
    for (const observer of this.#sim.observers) observer.onTrim?.(partition, gone, call);
    return units;
  }

  #unitsOf(partition: string, versions: readonly number[]): number {
    const chosen = new Set(versions);
    let units = 0;
    for (const { version, item } of this.memory.rows(partition)) {
      if (chosen.has(version)) units += Math.max(1, Math.ceil(item.length / unitBytes.write));
    }
    return units;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sim.timeline.after(ms, resolve);
    });
  }
}
