import { assert } from "../assert.ts";
import type { EnumeratorContext, Source, SplitEnumerator } from "../connector/source.ts";
import { JobError } from "../errors.ts";
import { fromBytes, roundTrip, toBytes } from "../record/index.ts";
import type { FromCoordinator } from "./control.ts";
import { type SectionChange, sameBytes } from "./sections.ts";

/** Something for a reader. */
export interface HandedOut {
  readonly subtask: number;
  readonly control: FromCoordinator & { readonly kind: "splits" | "no-more-splits" };
}

export interface EnumeratorHostOptions {
  readonly uid: string;
  readonly source: Source<unknown>;
  readonly parallelism: number;
  /** Of the section `enumeratorSection(uid)`; null: the enumerator was never made. */
  readonly stored: Uint8Array | null;
}

/** What is kept of an enumerator: a value of the codec. */
type Stored = readonly [
  /** The bytes of its state; null: it begins afresh. */
  state: Uint8Array | null,
  /** Splits that a restore brought back and that it has not taken yet (S3). */
  splitsBack: readonly unknown[],
  /** Subtasks that asked for a split and have no answer, in their order. */
  asked: readonly number[],
];

export function enumeratorSection(uid: string): string {
  return `enumerator:${uid}`;
}

/** What a generation begins with. */
export function initialEnumerator(
  restored: { readonly state: unknown } | null,
  splitsBack: readonly unknown[],
): Uint8Array {
  const state = restored === null ? null : toBytes(restored.state);
  return toBytes([state, splitsBack, []] satisfies Stored);
}

/**
 * The split enumerator of one source in a coordinator that may end between any two turns.
 *
 *   EH1  what it handed out and the state without it are of one turn: nothing is captured while
 *        something handed out is not taken
 *   EH2  a request is asked again of the next enumerator until one has answered it
 *   EH3  splits of a restore come back once
 */
export class EnumeratorHost {
  readonly uid: string;
  readonly #options: EnumeratorHostOptions;
  #enumerator: SplitEnumerator<unknown, unknown> | null = null;
  #state: Uint8Array | null;
  #splitsBack: readonly unknown[];
  readonly #asked: number[];
  #handedOut: HandedOut[] = [];
  /** What is kept may have changed. */
  #changed = false;
  #failure: JobError | null = null;
  #stored: Uint8Array | null;

  constructor(options: EnumeratorHostOptions) {
    const { uid, stored } = options;
    this.uid = uid;
    this.#options = options;
    // Our own encoder wrote it, and the entry vouches for the bytes.
    const [state, splitsBack, asked] =
      stored === null ? [null, [], []] : (fromBytes(stored) as Stored);
    this.#state = state;
    this.#splitsBack = splitsBack;
    this.#asked = [...asked];
    this.#stored = stored;
  }

  /** The enumerator, by itself, has something for a reader or an error. */
  get stirs(): boolean {
    return this.#handedOut.length > 0 || this.#failure !== null;
  }

  /** Makes the enumerator, if there is none, and asks it what its predecessors left open (EH2). */
  async open(): Promise<void> {
    if (this.#enumerator !== null) return;
    this.#changed = true;
    const enumerator = this.#try("could not be made", () => this.#create());
    this.#enumerator = enumerator;
    try {
      await enumerator.start();
    } catch (error) {
      throw this.#failed("did not start", error);
    }
    // A list of its own, because an answer takes its request off.
    for (const subtask of Array.from(this.#asked)) this.#ask(subtask);
  }

  async request(subtask: number): Promise<void> {
    this.#asked.push(subtask);
    if (this.#enumerator === null) await this.open();
    else this.#ask(subtask);
  }

  /** Asks a new enumerator for what is open, if anything is. */
  async askAgain(): Promise<void> {
    if (this.#asked.length > 0) await this.open();
  }

  /** The bytes of its state now, for checkpoint `checkpoint`; what it handed out is to be sent before. */
  snapshot(checkpoint: number): Uint8Array {
    const enumerator = this.#enumerator;
    if (enumerator !== null) {
      return this.#try("gave no snapshot", () => toBytes(enumerator.snapshot(checkpoint)));
    }
    assert(this.#state !== null, `the enumerator of ${this.uid} was made at the start`);
    return this.#state;
  }

  /** What it handed out since the last call; throws what it failed with. */
  takeHandedOut(): readonly HandedOut[] {
    if (this.#failure !== null) throw this.#failure;
    const taken = this.#handedOut;
    this.#handedOut = [];
    return taken;
  }

  /** What is to be kept, at the end of a turn; null: it is kept already. */
  change(nextCheckpoint: number): SectionChange | null {
    if (!this.#changed) return null;
    this.#changed = false;
    this.#state = this.snapshot(nextCheckpoint);
    assert(!this.stirs, `EH1: what ${this.uid} handed out was taken`);
    const bytes = toBytes([this.#state, this.#splitsBack, this.#asked] satisfies Stored);
    if (sameBytes(bytes, this.#stored)) return null;
    this.#stored = bytes;
    return { name: enumeratorSection(this.uid), mode: "replace", bytes };
  }

  async close(): Promise<void> {
    await this.#enumerator?.close?.();
  }

  #create(): SplitEnumerator<unknown, unknown> {
    const { source, parallelism } = this.#options;
    const context: EnumeratorContext<unknown> = {
      parallelism,
      assign: (split, subtask) => this.#assign(split, subtask),
      noMoreSplits: (subtask) => this.#handOut(subtask, { kind: "no-more-splits" }),
      fail: (error) => {
        this.#failure ??= this.#failed("failed", error);
      },
    };
    const state = this.#state === null ? null : fromBytes(this.#state);
    const enumerator = source.createEnumerator(context, state);
    if (this.#splitsBack.length > 0) enumerator.addSplitsBack(this.#splitsBack);
    this.#splitsBack = []; // EH3
    return enumerator;
  }

  #ask(subtask: number): void {
    this.#changed = true;
    this.#try("refused a request", () => this.#enumerator?.handleSplitRequest(subtask));
  }

  /** A copy, because the control is encoded when the turn has ended. */
  #assign(split: unknown, subtask: number): void {
    const copy = this.#try("assigned what cannot be sent", () => roundTrip(split));
    this.#handOut(subtask, { kind: "splits", splits: [copy] });
  }

  #handOut(subtask: number, control: HandedOut["control"]): void {
    this.#changed = true;
    this.#handedOut.push({ subtask, control });
    const at = this.#asked.indexOf(subtask);
    if (at !== -1) this.#asked.splice(at, 1);
  }

  #try<R>(what: string, action: () => R): R {
    try {
      return action();
    } catch (error) {
      throw this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): JobError {
    const where = { operator: this.uid };
    if (error instanceof JobError) return error.at(where);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new JobError(`the source's enumerator ${what} (${message})`, {
      code: "JOB_USER_CODE",
      where,
      cause: error,
      hint: "correct the source, or try again if what it reads from was not there",
    });
  }
}
