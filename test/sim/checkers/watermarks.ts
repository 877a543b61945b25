import { addressName, isCoordinator } from "../../../core/protocol/address.ts";
import type { Checker, CheckerContext, Commit, LedgerView } from "./checker.ts";
import { Violation } from "./violation.ts";

const MIN = Number.MIN_SAFE_INTEGER;

/** Watermarks of a channel: with the message of each number the greatest so far, and the status. */
interface Progress {
  watermark: number;
  idle: boolean;
  readonly messages: { readonly sequence: number; readonly watermark: number; idle: boolean }[];
}

/**
 * WATERMARK: the watermark of a channel never falls, and what a task sends is never ahead of what it
 * has received on all its inputs that are not idle.
 */
export class WatermarkChecker implements Checker {
  readonly rule = "WATERMARK";
  readonly #context: CheckerContext;
  readonly #channels = new Map<string, Progress>();

  constructor(context: CheckerContext) {
    this.#context = context;
  }

  onCommit({ before, after }: Commit): void {
    if (before === null || isCoordinator(after.address)) return;
    const { partition, version, peers, generation } = after;
    let limit: number | null = null;
    for (const { to, sequence, items } of after.sent) {
      const receiver = peers.addresses[to];
      if (receiver === undefined || !peers.receivers.includes(to)) continue;
      const progress = this.#progress(
        `${partition}>${this.#context.partition(generation, receiver)}`,
      );
      for (const item of items) {
        if (item.kind !== "element") continue;
        const { element } = item;
        if (element.kind === "status") progress.idle = element.idle;
        if (element.kind !== "watermark") continue;
        const { timestamp } = element;
        // Two edges between the same two tasks have one progress, and the lower one counts.
        if (timestamp < progress.watermark && new Set(items.map(edgeOf)).size <= 1) {
          throw new Violation(
            this.rule,
            `${partition} ${version} sends ${timestamp} to ${addressName(receiver)} after ${progress.watermark}`,
          );
        }
        limit ??= this.#limit(after);
        if (timestamp > limit) {
          throw new Violation(
            this.rule,
            `${partition} ${version} sends ${timestamp}, but its inputs are at ${limit}`,
          );
        }
        progress.watermark = Math.max(progress.watermark, timestamp);
      }
      const { watermark, idle } = progress;
      progress.messages.push({ sequence, watermark, idle });
    }
  }

  /** The lowest watermark of the inputs that are not idle; of all of them when all are. */
  #limit({ partition, peers, generation, address, protocol }: LedgerView): number {
    let active = Infinity;
    let highest = MIN;
    let inputs = 0;
    const last = [...protocol.received];
    const { partial } = protocol;
    if (partial !== null) last[partial.peer] = partial.sequence;
    peers.addresses.forEach((sender, peer) => {
      if (isCoordinator(sender) || addressName(sender) === addressName(address)) return;
      if (peers.receivers.includes(peer)) return;
      const name = `${this.#context.partition(generation, sender)}>${partition}`;
      const progress = this.#channels.get(name);
      inputs += 1;
      const message = progress === undefined ? undefined : upTo(progress, last[peer] ?? 0);
      const watermark = message?.watermark ?? MIN;
      highest = Math.max(highest, watermark);
      if (message?.idle !== true) active = Math.min(active, watermark);
    });
    if (inputs === 0) return Infinity;
    return active === Infinity ? highest : active;
  }

  #progress(channel: string): Progress {
    let progress = this.#channels.get(channel);
    if (progress === undefined) {
      progress = { watermark: MIN, idle: false, messages: [] };
      this.#channels.set(channel, progress);
    }
    return progress;
  }
}

/** The newest message up to a number; older ones are dropped, because receivers only go on. */
function upTo(
  { messages }: Progress,
  sequence: number,
): { readonly watermark: number; readonly idle: boolean } | undefined {
  while (messages.length > 1 && (messages[1]?.sequence ?? Infinity) <= sequence) messages.shift();
  const [first] = messages;
  return first !== undefined && first.sequence <= sequence ? first : undefined;
}

function edgeOf(item: { readonly kind: string; readonly edge?: number }): number {
  return item.edge ?? -1;
}
