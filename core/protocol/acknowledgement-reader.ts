import { AssertionError, assert } from "../assert.ts";
import { MillraceError, StorageError } from "../errors.ts";
import type { CallScope } from "../ports/index.ts";
import {
  ACKNOWLEDGEMENT_SECTION,
  type AcknowledgedOperators,
  type AcknowledgingEntry,
  acknowledgementSet,
  decodeAcknowledgement,
  entryOf,
} from "./acknowledgement-set.ts";
import { partitionOf } from "./address.ts";
import type { CoordinatorPeers } from "./coordinator-peers.ts";
import type { FunctionPorts } from "./function.ts";
import { type LedgerEntry, decodeEntry } from "./ledger-entry.ts";
import { decodeChanges } from "./sections.ts";
import { readDelta } from "./subtask-store.ts";

export interface AcknowledgementReaderOptions {
  readonly ports: Pick<FunctionPorts, "ledger" | "blobs" | "sets">;
  readonly job: string;
  readonly generation: number;
  readonly peers: CoordinatorPeers;
}

/** What a subtask acknowledges with, and where it stands. */
export interface EntryAcknowledgement extends AcknowledgingEntry {
  readonly operators: AcknowledgedOperators;
}

/** Entries that are read at a time. */
const READS_AT_ONCE = 16;

/** Reads the acknowledgements of a checkpoint whose set is full, for the coordinator's turn. */
export class AcknowledgementReader {
  readonly #options: AcknowledgementReaderOptions;

  constructor(options: AcknowledgementReaderOptions) {
    this.#options = options;
  }

  /** By place, ascending; null: some are gone (AS5). An error is retryable. */
  async read(
    checkpoint: number,
    scope: CallScope,
  ): Promise<readonly EntryAcknowledgement[] | null> {
    try {
      return await this.#read(checkpoint, scope);
    } catch (error) {
      if (error instanceof MillraceError || error instanceof AssertionError) throw error;
      throw new StorageError(`the acknowledgements of checkpoint ${checkpoint} cannot be read`, {
        code: "STORAGE_ACKNOWLEDGEMENTS",
        hint: "it is tried again",
        retryable: true,
        cause: error,
      });
    }
  }

  async #read(
    checkpoint: number,
    scope: CallScope,
  ): Promise<readonly EntryAcknowledgement[] | null> {
    const { ports, job, generation, peers } = this.#options;
    const members = await ports.sets.members(
      acknowledgementSet(job, generation, checkpoint),
      scope,
    );
    if (members.length < peers.tasks.length) return null;
    const entries = members.map(entryOf).sort((left, right) => left.place - right.place);
    entries.forEach(({ place }, index) => {
      assert(place !== entries[index + 1]?.place, `AS2: subtask ${place} acknowledges once`);
    });
    const all: EntryAcknowledgement[] = [];
    for (let first = 0; first < entries.length; first += READS_AT_ONCE) {
      const batch = entries.slice(first, first + READS_AT_ONCE);
      const read = await Promise.all(batch.map((each) => this.#entry(checkpoint, each, scope)));
      for (const each of read) {
        if (each === null) return null;
        all.push(each);
      }
    }
    return all;
  }

  async #entry(
    checkpoint: number,
    { place, version }: AcknowledgingEntry,
    scope: CallScope,
  ): Promise<EntryAcknowledgement | null> {
    const { ports, job, generation, peers } = this.#options;
    const partition = partitionOf(job, generation, peers.address(place));
    const entry = await this.#row(partition, version, scope);
    if (entry === null) return null;
    assert(entry.cut === checkpoint, `AS1: ${partition} ${version} cuts checkpoint ${checkpoint}`);
    const delta = await readDelta(ports.blobs, entry.body);
    if (delta === null) return null;
    const section = decodeChanges(delta).find(({ name }) => name === ACKNOWLEDGEMENT_SECTION);
    assert(section !== undefined, `AS1: ${partition} ${version} keeps its acknowledgement`);
    return { place, version, operators: decodeAcknowledgement(section.bytes) };
  }

  async #row(partition: string, version: number, scope: CallScope): Promise<LedgerEntry | null> {
    for (;;) {
      const { rows, more } = await this.#options.ports.ledger.read(partition, version, scope);
      const [first] = rows;
      if (first !== undefined) return first.version === version ? decodeEntry(first.item) : null;
      if (!more) return null;
    }
  }
}
