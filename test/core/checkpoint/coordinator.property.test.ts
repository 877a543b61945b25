import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBytes, toBytes } from "../../../core/record/index.ts";
import {
  type CapturedCoordinator,
  CheckpointCoordinator,
  type CheckpointDecision,
  type CheckpointEvent,
  type CheckpointKind,
  type CoordinatorSettings,
} from "../../../core/checkpoint/index.ts";

const COUNTED = ["declined", "expired", "async-exception", "io-exception", "finalize-failure"];

interface Known {
  readonly type: CheckpointKind;
  readonly request: string | null;
  readonly acks: Set<number>;
  readonly triggeredAt: number;
  state: "pending" | "storing" | "completed" | "aborted";
  /** It has expired, and its barriers are under way. */
  travels: boolean;
  expiries: number;
}

/** Plays a host: sends events, and holds every decision against what it knows. */
class Observer {
  readonly known = new Map<number, Known>();
  readonly open = new Set<string>();
  now = 0;
  wakeAt: number | null = null;
  readonly #settings: CoordinatorSettings;
  readonly #subtasks: number;
  readonly #coordinator: CheckpointCoordinator<number>;
  /** Gets the same events, but dies between any two of them. */
  #mortal: CheckpointCoordinator<number>;
  #next: number;
  #notified = 0;
  #active = false;
  #finishing = false;
  #stopped = false;
  #suspended = false;
  #failures = 0;
  #lastSuccess = 0;
  /** Savepoints and manual checkpoints that may be triggered. */
  /** What is under way for too long once more, before the decisions of an event are looked at. */
  #overdue: number[] = [];
  readonly #asked: { readonly request: string; readonly type: CheckpointKind }[] = [];

  constructor(settings: CoordinatorSettings, subtasks: number, firstCheckpoint: number) {
    this.#settings = settings;
    this.#subtasks = subtasks;
    this.#next = firstCheckpoint;
    this.#coordinator = this.#create(firstCheckpoint);
    this.#mortal = this.#create(firstCheckpoint);
  }

  #create(firstCheckpoint: number): CheckpointCoordinator<number> {
    const length = this.#subtasks;
    return new CheckpointCoordinator<number>({
      settings: this.#settings,
      subtasks: Array.from({ length }, (_, subtask) => ({ vertex: "v", subtask })),
      firstCheckpoint,
    });
  }

  /** What a new coordinator decides that knows only what the one before it captured. */
  #sendToMortal(event: CheckpointEvent<number>): readonly CheckpointDecision<number>[] {
    const captured = fromBytes(toBytes(this.#mortal.capture())) as CapturedCoordinator<number>;
    this.#mortal = this.#create(1);
    this.#mortal.resume(captured);
    return this.#mortal.handle(event, this.now);
  }

  get travelling(): readonly (readonly [number, Known])[] {
    return [...this.known].filter(([, { travels }]) => travels);
  }

  get unsettled(): readonly (readonly [number, Known])[] {
    return [...this.known].filter(([, { state }]) => state === "pending" || state === "storing");
  }

  send(event: CheckpointEvent<number>): readonly CheckpointDecision<number>[] {
    const tellsNothing = event.kind === "active" && this.#active;
    this.#before(event);
    if (!tellsNothing) this.#expire();
    const decisions = this.#coordinator.handle(event, this.now);
    expect(this.#sendToMortal(event), "capturing changes nothing").toEqual(decisions);
    expect(this.#coordinator.wakeAt).toBe(this.#mortal.wakeAt);
    for (const decision of decisions) this.#check(decision, event);
    this.#countOverdue(Infinity);
    const pending = this.unsettled.map(([checkpoint]) => checkpoint);
    expect(this.#coordinator.pending).toEqual(pending);
    expect(this.#coordinator.nextCheckpoint).toBe(this.#next);
    expect(this.unsettled.filter(([, { state }]) => state === "storing").length).toBeLessThan(2);
    if (event.kind === "stop") this.#stopped = true;
    return decisions;
  }

  #before(event: CheckpointEvent<number>): void {
    if (event.kind === "active") this.#active = true;
    // A tick disarms; the decisions that follow arm again.
    if (event.kind === "tick") this.wakeAt = null;
    if (event.kind === "finish") this.#finishing = true;
    if (event.kind === "suspend") this.#suspended = true;
    if (event.kind === "continue") this.#suspended = false;
    if (event.kind === "stop") for (const [, known] of this.travelling) known.travels = false;
    if (event.kind === "stored" && this.known.get(event.checkpoint)?.state === "storing") {
      this.#arrive((_, checkpoint) => checkpoint < event.checkpoint);
    }
    if (event.kind === "declined") this.#arrive((_, checkpoint) => checkpoint === event.checkpoint);
    if (event.kind === "acknowledged") this.#acknowledge(event.checkpoint, event.subtask);
    if (event.kind === "request") {
      this.open.add(event.request);
      this.#asked.push(event);
    }
  }

  #acknowledge(checkpoint: number, subtask: number): void {
    const known = this.known.get(checkpoint);
    known?.acks.add(subtask);
    if (known?.acks.size === this.#subtasks) known.travels = false;
  }

  #arrive(chosen: (known: Known, checkpoint: number) => boolean): void {
    for (const [checkpoint, known] of this.travelling) {
      if (chosen(known, checkpoint)) known.travels = false;
    }
  }

  #expire(): void {
    if (this.#stopped) return;
    for (const [checkpoint, known] of this.travelling) {
      const periods = Math.floor((this.now - known.triggeredAt) / this.#settings.timeoutMs);
      if (periods <= known.expiries) continue;
      known.expiries = periods;
      if (known.type === "checkpoint") this.#overdue.push(checkpoint);
      if (periods > 10) known.travels = false;
    }
  }

  /** Up to `checkpoint`, the others come behind it. */
  #countOverdue(checkpoint: number): void {
    for (
      let [next] = this.#overdue;
      next !== undefined && next <= checkpoint;
      [next] = this.#overdue
    ) {
      this.#overdue.shift();
      if (next > this.#lastSuccess) this.#failures += 1;
    }
  }

  #check(decision: CheckpointDecision<number>, event: CheckpointEvent<number>): void {
    if (this.#stopped) expect(decision.kind).toBe("reject");
    switch (decision.kind) {
      case "trigger":
        return this.#checkTrigger(decision);
      case "store":
        return this.#checkStore(decision);
      case "abort":
        return this.#checkAbort(decision);
      case "completed":
        return this.#checkCompleted(decision, event);
      case "notify-complete":
        expect(this.known.get(decision.checkpoint)?.type).toBe("checkpoint");
        expect(decision.checkpoint).toBeGreaterThan(this.#notified);
        this.#notified = decision.checkpoint;
        return;
      case "reject":
        expect(this.open.delete(decision.request)).toBe(true);
        return;
      case "retain":
        expect(decision.count).toBe(this.#settings.retained);
        return;
      case "wake-at":
        this.wakeAt = decision.timestamp;
        return;
      case "fail-job":
        this.#countOverdue(decision.checkpoint);
        expect(this.#failures).toBe(this.#settings.tolerableFailures + 1);
        this.#failures = 0;
        return;
    }
  }

  #checkTrigger(decision: CheckpointDecision<number> & { kind: "trigger" }): void {
    const { checkpoint, type, request } = decision;
    expect(checkpoint).toBe(this.#next);
    this.#next += 1;
    const at = this.#asked.findIndex((each) => each.type === type);
    const asked = at === -1 ? undefined : this.#asked.splice(at, 1)[0];
    if (asked === undefined)
      expect(this.#active || this.#finishing, "something to save").toBe(true);
    if (type === "checkpoint") {
      expect(this.#suspended).toBe(false);
      const underWay = this.unsettled.length + this.travelling.length;
      expect(underWay).toBeLessThan(this.#settings.maxConcurrent);
      this.#active = false;
    } else expect(asked).toBeDefined();
    expect(request).toBe(asked?.request ?? null);
    const begun = { travels: false, expiries: 0, triggeredAt: this.now };
    this.known.set(checkpoint, { type, request, acks: new Set(), state: "pending", ...begun });
  }

  #checkStore(decision: CheckpointDecision<number> & { kind: "store" }): void {
    const known = this.known.get(decision.checkpoint);
    expect(known?.state).toBe("pending");
    expect(known?.acks.size).toBe(this.#subtasks);
    const subtasks = decision.acknowledgements.map(({ subtask }) => subtask);
    expect(new Set(subtasks)).toEqual(known?.acks);
    for (const { subtask, snapshot } of decision.acknowledgements) expect(snapshot).toBe(subtask);
    if (known !== undefined) known.state = "storing";
  }

  #checkAbort(decision: CheckpointDecision<number> & { kind: "abort" }): void {
    const { checkpoint, reason, request } = decision;
    const known = this.known.get(checkpoint);
    expect(known?.state === "pending" || known?.state === "storing").toBe(true);
    if (known === undefined) return;
    expect(request).toBe(known.request);
    if (request !== null) this.open.delete(request);
    known.state = "aborted";
    if (reason === "expired") {
      this.#countOverdue(checkpoint);
      known.expiries = Math.floor((this.now - known.triggeredAt) / this.#settings.timeoutMs);
      known.travels = known.expiries <= 10;
    }
    if (known.type === "checkpoint") this.#active = true;
    else expect(reason).not.toBe("subsumed");
    const ofCoordinator = reason === "expired" || reason === "finalize-failure";
    const counts = COUNTED.includes(reason) && !(known.type === "savepoint" && ofCoordinator);
    if (counts && checkpoint > this.#lastSuccess) this.#failures += 1;
  }

  #checkCompleted(
    { checkpoint, request, type }: CheckpointDecision<number> & { kind: "completed" },
    event: CheckpointEvent<number>,
  ): void {
    const known = this.known.get(checkpoint);
    expect(event).toEqual({ kind: "stored", checkpoint });
    expect(known?.state).toBe("storing");
    expect(request).toBe(known?.request);
    if (request !== null) this.open.delete(request);
    if (known !== undefined) known.state = "completed";
    if (checkpoint > this.#lastSuccess) {
      this.#lastSuccess = checkpoint;
      this.#failures = 0;
    }
    if (type === "savepoint") return;
    const older = this.unsettled.filter(
      ([each, { type: kind }]) => each < checkpoint && kind === type,
    );
    expect(older).toEqual([]);
  }
}

const settings = fc.record({
  intervalMs: fc.option(fc.integer({ min: 1, max: 50 })),
  timeoutMs: fc.integer({ min: 1, max: 100 }),
  minPauseMs: fc.integer({ min: 0, max: 60 }),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  tolerableFailures: fc.integer({ min: 0, max: 3 }),
  retained: fc.integer({ min: 1, max: 3 }),
});

/** A choice of event; numbers are taken modulo what there is to choose from. */
const moves = fc.array(
  fc.record({
    pause: fc.integer({ min: 0, max: 30 }),
    move: fc.constantFrom(
      ..."ack ack ack ack stored stored decline store-failed active request savepoint tick wake suspend continue continue".split(
        " ",
      ),
    ),
    which: fc.nat(6),
    subtask: fc.nat(2),
  }),
  { maxLength: 60 },
);

const REASONS = ["declined", "task-not-ready", "io-exception", "async-exception"] as const;

function play(
  host: Observer,
  subtasks: number,
  each: { move: string; which: number; subtask: number },
  n: number,
): void {
  // Also numbers that are settled or were never given: they must be ignored.
  const numbers = [...host.known.keys(), 1];
  const checkpoint = numbers[Math.max(0, numbers.length - 1 - each.which)] ?? 1;
  const storing = host.unsettled.find(([, { state }]) => state === "storing")?.[0] ?? checkpoint;
  const settled = host.known.get(storing)?.state === "pending";
  switch (each.move) {
    case "ack": {
      const subtask = each.subtask % subtasks;
      host.send({ kind: "acknowledged", checkpoint, vertex: "v", subtask, snapshot: subtask });
      return;
    }
    case "stored":
      if (!settled) host.send({ kind: "stored", checkpoint: storing });
      return;
    case "store-failed":
      if (!settled) host.send({ kind: "store-failed", checkpoint: storing, detail: "io" });
      return;
    case "decline":
      host.send({
        kind: "declined",
        checkpoint,
        reason: REASONS[each.which % 4] ?? "declined",
        detail: "",
      });
      return;
    case "active":
    case "tick":
    case "suspend":
    case "continue":
      host.send({ kind: each.move });
      return;
    case "request":
      host.send({ kind: "request", request: `r${n}`, type: "checkpoint" });
      return;
    case "savepoint":
      host.send({ kind: "request", request: `s${n}`, type: "savepoint" });
      return;
    case "wake":
      if (host.wakeAt === null) return;
      host.now = Math.max(host.now, host.wakeAt);
      const waits = host.travelling.length > 0;
      const did = host.send({ kind: "tick" }).some(({ kind }) => kind !== "wake-at");
      expect(did || waits, "a due tick does something").toBe(true);
  }
}

/** Acknowledges and stores everything, until nothing is pending and no barrier under way. */
function drain(host: Observer, subtasks: number): void {
  for (const [checkpoint] of host.travelling) {
    for (let subtask = 0; subtask < subtasks; subtask += 1) {
      host.send({ kind: "acknowledged", checkpoint, vertex: "v", subtask, snapshot: subtask });
    }
  }
  for (let [next] = host.unsettled; next !== undefined; [next] = host.unsettled) {
    const [checkpoint, { state }] = next;
    const storing = host.unsettled.find((each) => each[1].state === "storing");
    if (storing !== undefined) host.send({ kind: "stored", checkpoint: storing[0] });
    else if (state === "pending") {
      for (let subtask = 0; subtask < subtasks; subtask += 1) {
        host.send({ kind: "acknowledged", checkpoint, vertex: "v", subtask, snapshot: subtask });
      }
    }
  }
}

test("whatever happens, the coordinator keeps its rules and leaves no request open", () => {
  fc.assert(
    fc.property(
      settings,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      moves,
      fc.constantFrom("finish", "stop", "drain"),
      (options, subtasks, firstCheckpoint, played, end) => {
        const host = new Observer(options, subtasks, firstCheckpoint);
        host.send({ kind: "start" });
        played.forEach((each, n) => {
          host.now += each.pause;
          play(host, subtasks, each, n);
        });
        host.send({ kind: "continue" });
        if (end !== "drain") host.send({ kind: end });
        drain(host, subtasks);
        expect(host.open.size).toBe(0);
        if (end !== "finish") return;
        for (let rounds = 0; host.wakeAt !== null && rounds < 20; rounds += 1) {
          host.now = Math.max(host.now, host.wakeAt);
          host.send({ kind: "tick" });
          drain(host, subtasks);
        }
        expect(host.wakeAt).toBeNull();
      },
    ),
    { numRuns: 1_000 },
  );
});
