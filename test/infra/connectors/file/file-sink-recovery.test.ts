import fc from "fast-check";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SinkWriter } from "../../../../core/connector/index.ts";
import type { FileCommittable } from "../../../../infra/connectors/file/file-sink-committer.ts";
import { fileSinkWithin } from "../../../../infra/connectors/file/file-sink.ts";
import {
  commit,
  cut,
  lines,
  linesIn,
  prepareContext,
  tempFolder,
  writerContext,
} from "./file-sink-harness.ts";

/** Small bounds, so that few records reach every step. */
const limits = {
  chunkCharacters: 12,
  bufferedCharactersMax: 60,
  idleFilesMax: 1,
  closesAtOnce: 2,
  ageCheckRecords: 64,
};

interface Checkpoint {
  readonly id: number;
  /** Records before the cut: where the source goes on after a restore. */
  readonly position: number;
  readonly committables: readonly FileCommittable[];
}

interface Script {
  readonly records: number;
  /** After how many records each cut comes, in turn, and whether its checkpoint completes. */
  readonly cuts: readonly { readonly after: number; readonly completes: boolean }[];
  /** Per attempt: the step that never happens, the parallelism, and whether to take an older checkpoint. */
  readonly attempts: readonly {
    readonly crashAtStep: number;
    readonly parallelism: number;
    readonly older: boolean;
  }[];
}

class Killed extends Error {}

/** A job around one file sink: the source is a list, checkpoints are kept in memory. */
class Job {
  readonly #folder: string;
  readonly #script: Script;
  readonly #records: readonly string[];
  #checkpoints: Checkpoint[] = [];
  #nextId = 1;
  #steps = 0;
  readonly dropped: SinkWriter<string, FileCommittable>[] = [];

  constructor(folder: string, script: Script) {
    this.#folder = folder;
    this.#script = script;
    this.#records = Array.from({ length: script.records }, (_, i) => `record ${i}`);
  }

  /** Attempt after attempt until one is not killed. Returns how many were. */
  async run(): Promise<number> {
    for (const [killed, attempt] of this.#script.attempts.entries()) {
      if (attempt.older && this.#checkpoints.length > 1) this.#checkpoints.pop();
      try {
        await this.#attempt(attempt.parallelism, attempt.crashAtStep);
        return killed;
      } catch (error) {
        if (!isKill(error)) throw error;
      }
    }
    await this.#attempt(2, Infinity);
    return this.#script.attempts.length;
  }

  async #attempt(parallelism: number, crashAtStep: number): Promise<void> {
    this.#steps = 0;
    this.#nextId = (this.#checkpoints.at(-1)?.id ?? 0) + 1;
    const progress = (): void => {
      this.#steps += 1;
      if (this.#steps >= crashAtStep) throw new Killed();
    };
    const path = join(this.#folder, "out");
    const partitionBy = (record: string): string => `by/${record.length}`;
    const rolling = { bytes: 30 };
    const sink = fileSinkWithin({ path, format: lines, partitionBy, rolling }, limits);
    const restored = this.#checkpoints.at(-1) ?? null;
    const committables = restored?.committables ?? [];
    const restoredCheckpoint = restored?.id ?? null;
    await sink.prepare?.(prepareContext({ restoredCheckpoint, committables, progress }));
    await commit(sink, committables);
    await this.#expectVisible(restored?.position ?? 0);
    const writers = Array.from({ length: parallelism }, (_, subtask) =>
      sink.createWriter(writerContext({ subtask, parallelism, lastCheckpoint: restored?.id ?? 0 })),
    );
    this.dropped.push(...writers);
    await this.#process(restored?.position ?? 0, writers, (due) => commit(sink, due));
    for (const writer of writers) await writer.close?.();
  }

  async #process(
    start: number,
    writers: readonly SinkWriter<string, FileCommittable>[],
    publish: (due: readonly FileCommittable[]) => Promise<void>,
  ): Promise<void> {
    let due: readonly FileCommittable[] = [];
    let cuts = 0;
    let sinceCut = 0;
    for (let at = start; at < this.#records.length; at++) {
      const writer = writers[at % writers.length]!;
      writer.write(this.#records[at]!, 0);
      await writer.backlog?.();
      sinceCut += 1;
      const next = this.#script.cuts[cuts % this.#script.cuts.length]!;
      if (sinceCut < next.after) continue;
      due = await this.#checkpoint(at + 1, due, writers, next.completes ? publish : null);
      cuts += 1;
      sinceCut = 0;
    }
    await this.#checkpoint(this.#records.length, due, writers, publish);
  }

  /** What a checkpoint that does not complete pre-committed is due with the next one. */
  async #checkpoint(
    position: number,
    dueBefore: readonly FileCommittable[],
    writers: readonly SinkWriter<string, FileCommittable>[],
    publish: ((due: readonly FileCommittable[]) => Promise<void>) | null,
  ): Promise<readonly FileCommittable[]> {
    const id = this.#nextId++;
    const due = [...dueBefore];
    for (const writer of writers) due.push(...(await cut(writer, id)));
    if (publish === null) return due;
    this.#checkpoints.push({ id, position, committables: due });
    await publish(due);
    await this.#expectVisible(position);
    return [];
  }

  async #expectVisible(records: number): Promise<void> {
    const visible = await linesIn(join(this.#folder, "out"));
    expect(visible).toEqual(this.#records.slice(0, records).sort());
  }
}

function isKill(error: unknown): boolean {
  return error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
}

const script: fc.Arbitrary<Script> = fc.record({
  records: fc.integer({ min: 1, max: 40 }),
  cuts: fc.array(fc.record({ after: fc.integer({ min: 1, max: 15 }), completes: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  attempts: fc.array(
    fc.record({
      crashAtStep: fc.integer({ min: 1, max: 40 }),
      parallelism: fc.integer({ min: 1, max: 3 }),
      older: fc.boolean(),
    }),
    { maxLength: 4, size: "max" },
  ),
});

async function run(each: Script): Promise<number> {
  const job = new Job(await tempFolder(), each);
  try {
    return await job.run();
  } finally {
    for (const writer of job.dropped) await writer.close?.();
  }
}

describe("the files of a job that is killed and restored", () => {
  test("hold each record of the completed checkpoints exactly once, wherever it is killed", async () => {
    await fc.assert(
      fc.asyncProperty(script, async (each) => {
        await run(each);
      }),
      { numRuns: 60 },
    );
  });

  test("the same for every step of one job, one after the other", async () => {
    let steps = 0;
    for (let crashAtStep = 1; ; crashAtStep++) {
      const attempts = [{ crashAtStep, parallelism: 2, older: false }];
      const cuts = [{ after: 7, completes: true }];
      if ((await run({ records: 30, cuts, attempts })) === 0) break;
      steps = crashAtStep;
    }
    expect(steps).toBeGreaterThan(30);
  });
});
