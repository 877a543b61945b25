import { DataError } from "../errors.ts";
import { fifoLimits, randomId } from "../ports/index.ts";
import { fromBytes, toBytes } from "../record/index.ts";
import type { DelayedMessage } from "../ports/index.ts";
import { broken } from "./canaries.ts";
import type { BatchResult, FunctionPorts, TimerFunction } from "./function.ts";
import { TurnToken } from "./turn-token.ts";

/** A message for a FIFO queue that waits for its time in the standard queue. */
export interface WakeUp {
  readonly queue: string;
  readonly group: string;
  readonly timeMs: number;
  readonly body: Uint8Array;
}

export function encodeWakeUp({ queue, group, timeMs, body }: WakeUp): Uint8Array {
  return toBytes([queue, group, timeMs, body]);
}

function decodeWakeUp(bytes: Uint8Array): WakeUp {
  const stored = fromBytes(bytes);
  if (!Array.isArray(stored) || stored.length !== 4) {
    throw new DataError("a wake-up is malformed", {
      code: "DATA_MESSAGE",
      hint: "something else wrote into the queue of wake-ups",
    });
  }
  const [queue, group, timeMs, body] = stored as [string, string, number, Uint8Array];
  return { queue, group, timeMs, body };
}

/**
 * Forwards wake-ups whose time has come to the group of their subtask (P4). One that is further
 * away than the standard queue can delay goes round again. A clock that is ahead only makes a
 * wake-up early, and an early one looks and is armed again.
 */
export class WakeUpForwarder implements TimerFunction {
  readonly #ports: FunctionPorts;

  constructor(ports: FunctionPorts) {
    this.#ports = ports;
  }

  async handle(messages: readonly DelayedMessage[], deadlineMs: number): Promise<BatchResult> {
    const token = new TurnToken(this.#ports.clock, deadlineMs);
    const failed: string[] = [];
    for (const message of messages) {
      try {
        await this.#forward(message, token);
      } catch {
        failed.push(message.messageId);
      }
    }
    token.cancel();
    return { failed };
  }

  async #forward(message: DelayedMessage, token: TurnToken): Promise<void> {
    const { queues, delays, clock } = this.#ports;
    const wakeUp = decodeWakeUp(message.body);
    const leftMs = wakeUp.timeMs - clock.now();
    if (leftMs > 0) {
      await delays.send(message.body, Math.min(leftMs, fifoLimits.delayMsMax), token);
      return;
    }
    // Another one at every arming (H19) and every try (H20): the number of the arming drops copies.
    const deduplicationId = broken("wake-id-by-time")
      ? `${wakeUp.timeMs}`
      : `${message.messageId}.${randomId(this.#ports.random)}`;
    const entry = { group: wakeUp.group, deduplicationId, body: wakeUp.body };
    const [accepted] = await queues.send(wakeUp.queue, [entry], token);
    if (accepted !== true) throw new Error("the wake-up was not accepted");
  }
}
