import type { BlobStore, DelayQueue, FifoQueues, Ledger } from "../../../core/ports/index.ts";
import type { FunctionPorts } from "../../../core/protocol/function.ts";
import type { Tally } from "./worker-counts.ts";
import type { News } from "./worker-message.ts";

/** The same ports, which count what is committed and tell of everything that is written to a queue. */
export function observedPorts(
  ports: FunctionPorts,
  tally: Tally,
  news: (of: News) => void,
): FunctionPorts {
  return {
    ...ports,
    ledger: countedLedger(ports.ledger, tally),
    blobs: countedBlobs(ports.blobs, tally),
    queues: tellingQueues(ports.queues, () => news("messages")),
    delays: tellingDelays(ports.delays, () => news("wake-ups")),
  };
}

function countedLedger(ledger: Ledger, tally: Tally): Ledger {
  return {
    async append(partition, version, item, scope) {
      const result = await ledger.append(partition, version, item, scope);
      if (result.appended) tally.turn(item.length);
      return result;
    },
    read: (partition, from, scope) => ledger.read(partition, from, scope),
    newest: (partition, scope) => ledger.newest(partition, scope),
    trim: (partition, versions, scope) => ledger.trim(partition, versions, scope),
  };
}

function countedBlobs(blobs: BlobStore, tally: Tally): BlobStore {
  return {
    async put(key, bytes, options) {
      const stored = await blobs.put(key, bytes, options);
      if (stored) tally.object(bytes.length);
      return stored;
    },
    get: (key, range) => blobs.get(key, range),
    list: (prefix) => blobs.list(prefix),
    delete: (keys) => blobs.delete(keys),
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
