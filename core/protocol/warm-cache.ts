import type { StoredSubtask } from "./subtask-store.ts";
import type { Unit } from "./unit.ts";

/** A subtask as a container knows it. */
export interface WarmSubtask {
  readonly stored: StoredSubtask;
  /** At the version of `stored`. */
  readonly unit: Unit;
  /** The outbox of its head was sent by this container to the last message. */
  readonly sent: boolean;
}

/**
 * The subtasks that a container has seen last, by partition.
 *
 *   WC1  a copy is taken out while a turn uses it, and comes back only when the turn is committed and
 *        still live: what a failed or dead turn touched is never used again (H22)
 *   WC2  all copies together hold about `bytesMax` bytes, or there is only one
 */
export class WarmCache {
  readonly #bytesMax: number;
  /** Least recently used first. */
  readonly #copies = new Map<string, { readonly copy: WarmSubtask; readonly bytes: number }>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#copies.size;
  }

  take(partition: string): WarmSubtask | null {
    const held = this.#copies.get(partition);
    if (held === undefined) return null;
    this.#copies.delete(partition);
    this.#bytes -= held.bytes;
    return held.copy;
  }

  put(partition: string, copy: WarmSubtask): void {
    this.#drop(partition);
    const bytes = bytesOf(copy);
    this.#copies.set(partition, { copy, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#copies.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === partition) return;
      this.#drop(oldest);
    }
  }

  #drop(partition: string): void {
    const copy = this.take(partition);
    // What it held open is closed in the background; it has no effect.
    copy?.unit.close().catch(() => undefined);
  }
}

function bytesOf({ stored, unit }: WarmSubtask): number {
  return stored.sections.bytes + unit.bytes + 2_048;
}
