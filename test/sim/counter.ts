import {
  type CallScope,
  type FifoMessage,
  type LedgerRow,
  unbounded,
} from "../../core/ports/index.ts";
import type { BatchResult, FunctionPorts } from "../../core/protocol/function.ts";
import type { ContainerCode } from "./container.ts";
import type { Observer } from "./observer.ts";
import { type Outcome, type Scenario, type Trial, conclude } from "./trial.ts";
import { World, type WorldOptions } from "./world.ts";

/** What a counter may do wrong, to see that it is caught. */
export type CounterDefect = "none" | "counts-duplicates" | "acks-on-conflict" | "keeps-dirty-copy";

interface Head {
  version: number;
  last: number;
  sum: number;
}

export const COUNTER_QUEUE = "counter";

/**
 * A function that adds up numbered messages per group, with one ledger row per batch: the smallest
 * thing that is exactly-once, to try the world with. It keeps the head of each group warm.
 */
export function counterCode(ports: FunctionPorts, defect: CounterDefect): ContainerCode {
  const heads = new Map<string, Head>();

  const headOf = async (group: string, scope: CallScope): Promise<Head> => {
    const warm = defect === "keeps-dirty-copy" ? heads.get(group) : undefined;
    return warm ?? decode(await ports.ledger.newest(group, scope));
  };

  const add = async (
    group: string,
    messages: readonly FifoMessage[],
    scope: CallScope,
  ): Promise<boolean> => {
    const head = await headOf(group, scope);
    const next = { ...head, version: head.version + 1 };
    for (const { body } of messages) {
      const { seq, value } = decodeMessage(body);
      if (seq <= next.last && defect !== "counts-duplicates") continue;
      next.last = seq;
      next.sum += value;
    }
    if (next.last === head.last && next.sum === head.sum) return true;
    heads.set(group, next);
    const { appended } = await ports.ledger.append(group, next.version, encode(next), scope);
    return appended || defect === "acks-on-conflict";
  };

  const handle = async (messages: readonly FifoMessage[], until: number): Promise<BatchResult> => {
    let over = false;
    const scope: CallScope = { deadlineMs: until, isLive: () => !over };
    const failed: string[] = [];
    for (const group of new Set(messages.map((message) => message.group))) {
      const mine = messages.filter((message) => message.group === group);
      const done = await add(group, mine, scope).catch(() => false);
      if (!done) failed.push(...mine.map(({ messageId }) => messageId));
    }
    over = true;
    return { failed };
  };

  return {
    queueFunction: () => ({ handle: (event, until) => handle(event.messages, until) }),
    timer: { handle: async () => ({ failed: [] }) },
  };
}

/** A world of counters, and an actor that sends `count` messages to each of `groups`. */
export function counterWorld(
  options: Omit<WorldOptions, "createContainer">,
  input: { readonly groups: number; readonly count: number; readonly defect?: CounterDefect },
): World {
  const world = new World({
    poisonResource: (_queue, group) => group,
    ...options,
    createContainer: (ports) => counterCode(ports, input.defect ?? "none"),
  });
  for (let group = 0; group < input.groups; group += 1) sendAll(world, `g${group}`, input.count);
  return world;
}

/** What all groups came to. */
export function sums(world: World): readonly number[] {
  const { memory } = world.services.ledger;
  return memory.partitions().map((name) => decode(memory.rows(name).at(-1) ?? null).sum);
}

/** What each group has to come to. */
export function sumOf(count: number): number {
  return (count * (count + 1)) / 2;
}

const DAY = 86_400_000;

/** The counters as a job to simulate: a world is of use only if it finds what this does wrong. */
export function counterScenario(defect: CounterDefect): Scenario {
  return {
    name: defect === "none" ? "counter" : `counter-${defect}`,
    size: 100,
    run: (trial) => runCounter(trial, defect),
  };
}

function runCounter({ seed, plan, size }: Trial, defect: CounterDefect): Promise<Outcome> {
  const groups = 4;
  let turns = 0;
  const observer: Observer = {
    onAppend: (group, version, item) => {
      turns += 1;
      const { last, sum } = decode({ version, item });
      if (sum === sumOf(last)) return;
      throw new Error(`I-ONCE: ${group} has ${sum} after ${last} messages, not ${sumOf(last)}`);
    },
  };
  const world = counterWorld(
    { seed, plan, observers: [observer] },
    { groups, count: size, defect },
  );
  return conclude(
    world,
    () => turns,
    async () => {
      await world.run(DAY / 24);
      await world.drain(30 * DAY);
      await world.idle(DAY);
      const wrong = sums(world).filter((sum) => sum !== sumOf(size));
      if (wrong.length === 0 && world.services.queues.backlog() === 0) return;
      throw new Error(`I-ALL: at the end ${sums(world).join(", ")}, not ${sumOf(size)} each`);
    },
  );
}

/** Sends 1, 2, 3, .. to a group, each until it is accepted; copies are told by their number. */
function sendAll(world: World, group: string, count: number): void {
  let next = 1;
  const pause = world.random(`input of ${group}`);
  world.actor(`input-${group}`, async ({ ports, attempt, sleep }) => {
    for (let tries = 0; next <= count; tries += 1) {
      const seq = next;
      const entry = {
        group,
        deduplicationId: `${group}.${seq}.${attempt}.${tries}`,
        body: Uint8Array.of(seq >> 8, seq & 255, seq >> 8, seq & 255),
      };
      const [accepted = false] = await ports.queues.send(COUNTER_QUEUE, [entry], unbounded);
      if (accepted) next = Math.max(next, seq + 1);
      await sleep(pause.logBetween(1, 2_000));
    }
  });
}

function decodeMessage(body: Uint8Array): { readonly seq: number; readonly value: number } {
  const [high = 0, low = 0, valueHigh = 0, valueLow = 0] = body;
  return { seq: high * 256 + low, value: valueHigh * 256 + valueLow };
}

function encode(head: Head): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(head));
}

function decode(row: LedgerRow | null): Head {
  if (row === null) return { version: 0, last: 0, sum: 0 };
  return JSON.parse(new TextDecoder().decode(row.item)) as Head; // written by encode
}
