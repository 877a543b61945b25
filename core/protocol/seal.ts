import { type CallScope, randomId } from "../ports/index.ts";
import type { FunctionPorts } from "./function.ts";
import { decodeEntry, encodeEntry } from "./ledger-entry.ts";
import { EMPTY_OUTBOX, encodeOutbox } from "./outbox.ts";
import { encodeChanges } from "./sections.ts";

export interface SealOptions {
  readonly ports: FunctionPorts;
  readonly partition: string;
  /** The generation that follows; 0: none. */
  readonly next: number;
  readonly codeHash: string;
  readonly scope: CallScope;
}

/**
 * Ends a ledger (P9.3): behind the seal nothing is ever appended. A ledger that does not exist is
 * left alone; one that is sealed stays as it is.
 */
export async function sealLedger(options: SealOptions): Promise<void> {
  const { ports, partition, next, codeHash, scope } = options;
  for (;;) {
    const newest = await ports.ledger.newest(partition, scope);
    if (newest === null) return;
    const head = decodeEntry(newest.item);
    if (head.kind === "seal") return;
    const item = encodeEntry({
      kind: "seal",
      commitId: randomId(ports.random),
      committedAtMs: ports.clock.now(),
      codeHash,
      planHash: "",
      base: head.base,
      hands: [],
      consumed: head.consumed,
      files: null,
      cut: 0,
      next,
      body: {
        kind: "inline",
        delta: encodeChanges([]),
        outbox: encodeOutbox(EMPTY_OUTBOX).bytes,
      },
    });
    const result = await ports.ledger.append(partition, newest.version + 1, item, scope);
    if (result.appended) return;
  }
}
