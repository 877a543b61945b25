import type {
  ApplyPosition,
  Committer,
  Sink,
  SinkWriter,
  SinkWriterContext,
  WriteAheadApplier,
} from "../../core/connector/sink.ts";
import { unbounded } from "../../core/ports/index.ts";
import type { FunctionPorts } from "../../core/protocol/function.ts";
import type { Program } from "../../core/runtime/program.ts";

/** One line of a job's output, so that outputs compare as texts. */
export type Row = string;

export type SimSinkKind = "two-phase" | "write-ahead" | "direct";

/** What a writer staged: an object outside, and which epoch it is part of. */
export interface Staged {
  readonly key: string;
  readonly publishedKey: string;
}

/** Everything under this name is a world outside of the job. */
export const OUTSIDE = "outside/";

/** Bytes of rows, and back. */
export function encodeRows(rows: readonly Row[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(rows));
}

export function decodeRows(bytes: Uint8Array): readonly Row[] {
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Row[]; // written by encodeRows
}

/** A guard's record: the position it has seen, and the rows that were written with it. */
export interface GuardRecord {
  readonly generation: number;
  readonly version: number;
  readonly uid: string;
  readonly subtask: number;
  readonly runId: string;
  readonly fence: boolean;
  readonly rows: readonly Row[];
}

export function decodeGuard(bytes: Uint8Array): GuardRecord {
  return JSON.parse(new TextDecoder().decode(bytes)) as GuardRecord; // written by the applier
}

/**
 * Sinks whose target survives every crash and is reached through the same ports as everything else,
 * so that its calls are late, lost and repeated too. What they write is named by where it came from:
 *
 *     outside/<sink>/staged/<run>/<uid>/<subtask>/<checkpoint>/<index>/<word>
 *     outside/<sink>/published/<the same>
 *     outside/<sink>/guard/<run>/<uid>/<subtask>      a record
 *     outside/<sink>/direct/<run>/<uid>/<subtask>/<word>
 */
/** What a sink writes of a value. */
export type RowOf = (value: unknown) => Row;

export class SimSink implements Sink<unknown, Staged> {
  readonly describe: string;
  readonly guarantee: "exactly-once" | "at-least-once";
  readonly createCommitter?: () => Committer<Staged>;
  readonly createApplier?: () => WriteAheadApplier<unknown>;
  readonly #name: string;
  readonly #kind: SimSinkKind;
  readonly #ports: FunctionPorts | null;
  readonly #rowOf: RowOf;

  constructor(
    name: string,
    kind: SimSinkKind,
    ports: FunctionPorts | null,
    rowOf: RowOf = (value) => value as Row, // jobs make rows
  ) {
    this.#name = name;
    this.#kind = kind;
    this.#ports = ports;
    this.#rowOf = rowOf;
    this.describe = `${kind}(${name})`;
    this.guarantee = kind === "direct" ? "at-least-once" : "exactly-once";
    if (kind === "two-phase") this.createCommitter = () => new StagedCommitter(this.#bound());
    if (kind === "write-ahead")
      this.createApplier = () => new GuardedApplier(name, this.#bound(), this.#rowOf);
  }

  /** The same sink for the code of one process. */
  bind(ports: FunctionPorts): SimSink {
    return new SimSink(this.#name, this.#kind, ports, this.#rowOf);
  }

  createWriter(context: SinkWriterContext): SinkWriter<unknown, Staged> {
    const { runId, uid, subtask, firstIndex } = context;
    const place = `${runId}/${uid}/${subtask}`;
    const root = `${OUTSIDE}${this.#name}`;
    return new RowWriter(this.#bound(), this.#kind, root, place, firstIndex, this.#rowOf);
  }

  #bound(): FunctionPorts {
    if (this.#ports !== null) return this.#ports;
    throw new Error(`sink ${this.#name} is used without ports; bind it to a process first`);
  }
}

/** The program for one process: its sinks use the ports of that process. */
export function bindSinks(program: Program, ports: FunctionPorts): Program {
  const implementations = new Map(program.implementations);
  for (const [uid, implementation] of implementations) {
    if (implementation.kind !== "sink" || !(implementation.sink instanceof SimSink)) continue;
    implementations.set(uid, { kind: "sink", sink: implementation.sink.bind(ports) });
  }
  return { ...program, implementations };
}

class RowWriter implements SinkWriter<unknown, Staged> {
  readonly #rowOf: RowOf;
  readonly #ports: FunctionPorts;
  readonly #kind: SimSinkKind;
  readonly #root: string;
  readonly #place: string;
  readonly #index: number;
  #rows: Row[] = [];

  constructor(
    ports: FunctionPorts,
    kind: SimSinkKind,
    root: string,
    place: string,
    index: number,
    rowOf: RowOf,
  ) {
    this.#rowOf = rowOf;
    this.#ports = ports;
    this.#kind = kind;
    this.#root = root;
    this.#place = place;
    this.#index = index;
  }

  write(value: unknown): void {
    this.#rows.push(this.#rowOf(value));
  }

  async flush(): Promise<void> {
    if (this.#kind !== "direct" || this.#rows.length === 0) return;
    const key = `${this.#root}/direct/${this.#place}/${wordOf(this.#ports)}`;
    await this.#ports.blobs.put(key, encodeRows(this.#rows));
    this.#rows = [];
  }

  async prepareCommit(checkpoint: number): Promise<readonly Staged[]> {
    if (this.#rows.length === 0) return [];
    const name = `${this.#place}/${checkpoint}/${this.#index}/${wordOf(this.#ports)}`;
    const key = `${this.#root}/staged/${name}`;
    await this.#ports.blobs.put(key, encodeRows(this.#rows));
    this.#rows = [];
    return [{ key, publishedKey: `${this.#root}/published/${name}` }];
  }
}

class StagedCommitter implements Committer<Staged> {
  readonly #ports: FunctionPorts;

  constructor(ports: FunctionPorts) {
    this.#ports = ports;
  }

  async commit(committables: readonly Staged[]): Promise<void> {
    const { blobs } = this.#ports;
    for (const { key, publishedKey } of committables) {
      const bytes = await blobs.get(key);
      if (bytes === null) throw new Error(`${key} was staged and is not there`);
      await blobs.put(publishedKey, bytes, { ifAbsent: true });
    }
  }
}

/** The guard and the rows change in one record, by compare-and-set. */
class GuardedApplier implements WriteAheadApplier<unknown> {
  readonly #name: string;
  readonly #rowOf: RowOf;
  readonly #ports: FunctionPorts;

  constructor(name: string, ports: FunctionPorts, rowOf: RowOf) {
    this.#rowOf = rowOf;
    this.#name = name;
    this.#ports = ports;
  }

  apply(
    values: readonly unknown[],
    _timestamps: readonly number[],
    position: ApplyPosition,
  ): Promise<void> {
    return this.#advance(values.map(this.#rowOf), position, false);
  }

  fence(position: ApplyPosition): Promise<void> {
    return this.#advance([], position, true);
  }

  async #advance(rows: readonly Row[], position: ApplyPosition, fence: boolean): Promise<void> {
    const { records } = this.#ports;
    const { runId, uid, subtask, generation, version } = position;
    const key = `${OUTSIDE}${this.#name}/guard/${runId}/${uid}/${subtask}`;
    const record: GuardRecord = { generation, version, uid, subtask, runId, fence, rows };
    for (;;) {
      const known = await records.get(key, unbounded);
      if (known !== null && !isBehind(decodeGuard(known.bytes), position)) return;
      const bytes = new TextEncoder().encode(JSON.stringify(record));
      if (await records.put(key, bytes, known?.revision ?? 0, unbounded)) return;
    }
  }
}

function isBehind(guard: GuardRecord, { generation, version }: ApplyPosition): boolean {
  if (guard.generation !== generation) return guard.generation < generation;
  return guard.version < version;
}

function wordOf({ random }: FunctionPorts): string {
  return Math.floor(random.next() * 0x1_0000_0000).toString(16);
}
