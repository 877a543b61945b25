import type { DelayQueue, FifoQueues } from "../../../core/ports/index.ts";
import type { FunctionPorts } from "../../../core/protocol/function.ts";
import type { News } from "./worker-message.ts";

/** The same ports, which tell of everything that is written to a queue. */
export function observedPorts(ports: FunctionPorts, news: (of: News) => void): FunctionPorts {
  return {
    ...ports,
    queues: tellingQueues(ports.queues, () => news("messages")),
    delays: tellingDelays(ports.delays, () => news("wake-ups")),
  };
}

function tellingQueues(queues: FifoQueues, news: () => void): FifoQueues {
  return {
    async send(queue, entries, scope) {
      const accepted = await queues.send(queue, entries, scope);
      news();
      return accepted;
    },
    receive: (queue, options, scope) => queues.receive(queue, options, scope),
    async delete(queue, receipts, scope) {
      const deleted = await queues.delete(queue, receipts, scope);
      news();
      return deleted;
    },
    async changeVisibility(queue, receipts, visibilityMs, scope) {
      await queues.changeVisibility(queue, receipts, visibilityMs, scope);
      news();
    },
  };
}

function tellingDelays(delays: DelayQueue, news: () => void): DelayQueue {
  return {
    async send(body, delayMs, scope) {
      await delays.send(body, delayMs, scope);
      news();
    },
    receive: (options, scope) => delays.receive(options, scope),
    delete: (receipts, scope) => delays.delete(receipts, scope),
  };
}
