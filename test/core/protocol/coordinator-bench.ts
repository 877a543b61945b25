import { expect } from "vitest";
import type { KeyedFileRef } from "../../../core/checkpoint/index.ts";
import { OrderedEnumerator } from "../../../core/connector/ordered-enumerator.ts";
import type { Source } from "../../../core/connector/source.ts";
import type { BlobStore } from "../../../core/ports/index.ts";
import { unbounded } from "../../../core/ports/index.ts";
import type { CheckpointSettings, Program } from "../../../core/runtime/program.ts";
import { COORDINATOR, addressName, parseAddress } from "../../../core/protocol/address.ts";
import type { Command, Control, ToCoordinator } from "../../../core/protocol/control.ts";
import { CoordinatorFactory } from "../../../core/protocol/coordinator-factory.ts";
import {
  type CoordinatorGenesis,
  type CoordinatorView,
  coordinatorGenesis,
  readCoordinatorState,
} from "../../../core/protocol/coordinator-state.ts";
import { type Hand, Inbox, type InboxResult } from "../../../core/protocol/inbox.ts";
import { JobTopology, type Peers } from "../../../core/protocol/job-topology.ts";
import {
  BodyWriter,
  type MessageContent,
  decodeMessage,
  encodeMessage,
} from "../../../core/protocol/message.ts";
import type { Effect } from "../../../core/protocol/outbox.ts";
import { type ProtocolState, initialProtocolState } from "../../../core/protocol/protocol-state.ts";
import { Sections, decodeChanges, encodeChanges } from "../../../core/protocol/sections.ts";
import type { Unit, UnitFactory, UnitResult } from "../../../core/protocol/unit.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { MemoryLedger } from "../../../infra/memory/memory-ledger.ts";
import { MemoryNumberSets } from "../../../infra/memory/memory-number-sets.ts";
import { NO_OPERATOR_STATE } from "../checkpoint/sample-metadata.ts";
import { Topology, settings } from "../graph/topology.ts";

/** What a test gives a coordinator; the bench adds numbers. */
export type Given =
  | { readonly kind: "wake" | "start" }
  | { readonly kind: "command"; readonly requestId: string; readonly command: Command }
  | { readonly kind: "acknowledged"; readonly checkpoint: number }
  | { readonly kind: "from"; readonly name: string; readonly control: Control };

export const start: Given = { kind: "start" };
export const wake: Given = { kind: "wake" };
export const from = (name: string, control: ToCoordinator): Given => ({
  kind: "from",
  name,
  control,
});
export const active = (name: string): Given => from(name, { kind: "active" });
export const ask = (name: string): Given => from(name, { kind: "request-split" });
export const committed = (name: string, checkpoint: number): Given =>
  from(name, { kind: "committed", checkpoint });
export const decline = (name: string, checkpoint: number): Given =>
  from(name, { kind: "decline", checkpoint, reason: "full" });
export const finished = (name: string, records = 0): Given =>
  from(name, { kind: "finished", accumulators: [["records", records]] });
export const command = (requestId: string, command: Command): Given => ({
  kind: "command",
  requestId,
  command,
});

/** The tasks of the bench's job: two readers, a task with keyed state, a two-phase sink. */
export const TASKS = ["numbers/0", "numbers/1", "work/0", "out/0"] as const;
export const RUN = "1a2b3c4d";

export const acks = (
  checkpoint: number,
  names: readonly string[] = TASKS,
  files: readonly KeyedFileRef[] = [],
): Given[] =>
  names.map((name) => {
    const { vertex } = parseAddress(name);
    const keyedFiles = vertex === "work" ? files : [];
    const state = { keyedFiles, operatorState: NO_OPERATOR_STATE };
    return from(name, { kind: "ack", checkpoint, version: 1, operators: [[vertex, state]] });
  });

export const SETTINGS: CheckpointSettings = {
  intervalMs: 100,
  timeoutMs: 1_000,
  minPauseMs: 0,
  maxConcurrent: 1,
  tolerableFailures: 9,
  retained: 2,
};

export interface BenchOptions {
  readonly settings?: Partial<CheckpointSettings>;
  readonly source?: Source<unknown>;
  readonly genesis?: Partial<CoordinatorGenesis>;
  readonly blobs?: BlobStore;
  /** After every turn a new unit goes on from what the old one wrote. */
  readonly cold?: boolean;
  /** Cuts are acknowledged in sets. */
  readonly usesSets?: boolean;
  /** Turns have no time left from their start. */
  readonly spent?: boolean;
}

/** What is handed out by the bench's source: 10, 20, 30 in their order. */
export function numberSource(discover: () => Promise<number[]> = tens): Source<unknown> {
  const source: Partial<Source<number, number, never>> = {
    describe: "numbers",
    createEnumerator: (context, state) =>
      new OrderedEnumerator<number>(
        context,
        { discover, compare: (a, b) => a - b, workLeft: () => 1 },
        state,
      ) as never, // the state's type is its own business
  };
  return source as unknown as Source<unknown>;
}

export function tens(): Promise<number[]> {
  return Promise.resolve([30, 10, 20]);
}

/** Runs the turns of a coordinator as the host does, with its own idea of the ledger. */
export class CoordinatorBench {
  readonly blobs: BlobStore;
  /** Of the tasks. */
  readonly ledgers: MemoryLedger = new MemoryLedger();
  readonly sets: MemoryNumberSets = new MemoryNumberSets();
  readonly topology: JobTopology;
  /** Of the last turn. */
  result: UnitResult | null = null;
  inbox: InboxResult | null = null;
  readonly #options: BenchOptions;
  readonly #peers: Peers;
  readonly #ledger = new Sections();
  readonly #sequences = new Map<string, number>();
  #protocol: ProtocolState;
  #version = 0;
  #unit: Unit | null = null;
  #wakeUp: number | null = null;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.blobs = options.blobs ?? new MemoryBlobStore();
    this.topology = new JobTopology(programOf(options));
    this.#peers = this.topology.peers(COORDINATOR);
    this.#protocol = initialProtocolState(this.#peers.addresses.length);
    const genesis = {
      firstCheckpoint: 1,
      enumerators: new Map([["numbers", null]]),
      splitsBack: new Map(),
      metadataKey: null,
      checkpoint: 0,
    };
    this.#ledger.apply(coordinatorGenesis({ ...genesis, ...options.genesis }));
  }

  get state(): CoordinatorView {
    return readCoordinatorState(this.#ledger);
  }

  get sections(): readonly string[] {
    return [...this.#ledger.names()].sort();
  }

  request(requestId: string): unknown {
    return this.state.requests.find((each) => each.requestId === requestId);
  }

  /** Commits one turn; gives what it does to the outside, as text. */
  async turn(now: number, given: readonly Given[]): Promise<readonly string[]> {
    const hands = given.map((each, index) => this.#hand(each, index));
    const inbox = new Inbox({
      hands,
      state: this.#protocol,
      peers: this.#peers,
      credit: true,
      needsCredit: () => false,
      earlyMax: 0,
    });
    const unit = this.#unit ?? (await this.#create());
    const version = this.#version + 1;
    const commitId = `c${version}`;
    const budget = { exhausted: () => this.#options.spent === true };
    const turn = { inbox, version, now, budget, credit: true, scope: unbounded, commitId };
    const result = await unit.run(turn);
    this.#commit(result, inbox.finish());
    this.#unit = this.#options.cold === true ? null : unit;
    if (this.#unit === null) await unit.close();
    const wakeUp = result.wakeUp === this.#wakeUp ? [] : [`wake ${result.wakeUp ?? "never"}`];
    this.#wakeUp = result.wakeUp;
    const effects = result.effects.map(describeEffect);
    return [...this.#describeControls(result), ...effects, ...wakeUp];
  }

  get unit(): Unit | null {
    return this.#unit;
  }

  /** The unit is lost, as with its container; the ledger stays. */
  crash(): void {
    this.#unit = null;
  }

  #commit(result: UnitResult, inbox: InboxResult): void {
    this.#ledger.apply(decodeChanges(encodeChanges(result.changes)));
    this.#version += 1;
    const { wake } = this.#protocol;
    const armed = result.wakeUp !== null;
    this.#protocol = {
      ...this.#protocol,
      received: inbox.received,
      started: inbox.started,
      wake: { number: wake.number + (armed ? 1 : 0), timeMs: result.wakeUp ?? 0, armed },
    };
    this.result = result;
    this.inbox = inbox;
    expect(inbox.done).toBeGreaterThan(0);
  }

  #create(): Promise<Unit> {
    const { topology, blobs } = this;
    const factory: UnitFactory = new CoordinatorFactory({
      topology,
      ports: { blobs, ledger: this.ledgers, sets: this.sets },
      runId: RUN,
      generation: 1,
      codeHash: "code",
      ledgerKeptMs: 3_600_000,
      usesSets: this.#options.usesSets === true,
    });
    const sections = new Sections();
    sections.apply(this.#ledger.all());
    return factory.create(
      {
        version: this.#version,
        sections,
        files: [],
        carried: null,
        bytes: new Map(),
        entriesSinceBase: 0,
      },
      unbounded,
    );
  }

  #hand(given: Given, index: number): Hand {
    const content = this.#content(given);
    const bytes = encodeMessage({ job: this.topology.job, generation: 1, content });
    const decoded = decodeMessage(bytes).content;
    const isInline = decoded.kind === "channel" && decoded.body.kind === "inline";
    const body = isInline && decoded.body.kind === "inline" ? decoded.body.bytes : null;
    return { messageId: `m${this.#version}-${index}`, content: decoded, body };
  }

  #content(given: Given): MessageContent {
    switch (given.kind) {
      case "wake":
        return { kind: "wake", number: this.#protocol.wake.number };
      case "start":
        return { kind: "start", restoreId: "r1" };
      case "command":
      case "acknowledged":
        return given;
      case "from": {
        const sequence = (this.#sequences.get(given.name) ?? 0) + 1;
        this.#sequences.set(given.name, sequence);
        const body = new BodyWriter();
        body.control(given.control);
        return {
          kind: "channel",
          from: parseAddress(given.name),
          sequence,
          data: false,
          body: { kind: "inline", bytes: body.toBytes() },
        };
      }
    }
  }

  /** `trigger 1 -> numbers/0 numbers/1`: what goes to several is one line. */
  #describeControls({ controls }: UnitResult): readonly string[] {
    const lines = new Map<string, string[]>();
    for (const { to, control } of controls) {
      const address = this.#peers.addresses[to] ?? COORDINATOR;
      const line = describeControl(control);
      lines.set(line, [...(lines.get(line) ?? []), addressName(address)]);
    }
    return [...lines].map(([line, names]) => `${line} -> ${names.join(" ")}`);
  }
}

function describeControl(control: Control): string {
  switch (control.kind) {
    case "trigger": {
      const { checkpoint, savepoint, then } = control;
      const kind = savepoint ? " savepoint" : "";
      return `trigger${kind} ${checkpoint}${then === "go-on" ? "" : ` and ${then}`}`;
    }
    case "notify":
      return `notify ${control.checkpoint}${control.answer ? " and answer" : ""}`;
    case "splits":
      return `splits ${control.splits.join(" ")}`;
    default:
      return control.kind;
  }
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case "savepoint":
      return `publish ${effect.key} from ${effect.from}`;
    case "job":
      return `${effect.phase} ${JSON.stringify(effect.detail)}`;
    default:
      return effect.kind;
  }
}

function programOf(options: BenchOptions): Program {
  const t = new Topology();
  const numbers = t.source("numbers", {
    uid: "numbers",
    parallelism: 2,
    implementation: {
      kind: "source",
      source: options.source ?? numberSource(),
      watermarks: { describe: "none", createGenerator: null, timestamp: null, idlenessMs: null },
    },
  });
  const work = t.operator("map", numbers, { uid: "work", chaining: "never" });
  const unused = (): never => {
    throw new Error("a coordinator runs no sink");
  };
  const sink = {
    describe: "out",
    guarantee: "exactly-once",
    createWriter: unused,
    createCommitter: unused,
  } as const;
  t.sink(work, { uid: "out", chaining: "never", implementation: { kind: "sink", sink } });
  const checkpointing = { ...SETTINGS, ...options.settings };
  return t.program({ execution: { ...settings.execution, checkpointing } });
}
