import type { FunctionPorts } from "../../../../core/protocol/function.ts";
import { Random } from "../../../recovery/random.ts";

/**
 * Ports that end this process with SIGKILL at calls that a seed chooses, before the call or behind
 * it: between any two steps of a turn. `share`: of all calls.
 */
export function crashingPorts(ports: FunctionPorts, seed: number, share: number): FunctionPorts {
  const random = new Random(seed);
  const maybe = async <T>(call: () => Promise<T>): Promise<T> => {
    const drawn = random.next();
    if (drawn < share / 2) await die();
    const result = await call();
    if (drawn > 1 - share / 2) await die();
    return result;
  };
  const { queues, delays, ledger, sets, blobs } = ports;
  return {
    ...ports,
    queues: {
      send: (queue, entries, scope) => maybe(() => queues.send(queue, entries, scope)),
      receive: (queue, options, scope) => queues.receive(queue, options, scope),
      delete: (queue, receipts, scope) => maybe(() => queues.delete(queue, receipts, scope)),
      changeVisibility: (queue, receipts, ms, scope) =>
        queues.changeVisibility(queue, receipts, ms, scope),
    },
    delays: {
      send: (body, delayMs, scope) => maybe(() => delays.send(body, delayMs, scope)),
      receive: (options, scope) => delays.receive(options, scope),
      delete: (receipts, scope) => delays.delete(receipts, scope),
    },
    ledger: {
      append: (partition, version, item, scope) =>
        maybe(() => ledger.append(partition, version, item, scope)),
      read: (partition, from, scope) => ledger.read(partition, from, scope),
      newest: (partition, scope) => ledger.newest(partition, scope),
      trim: (partition, versions, scope) => ledger.trim(partition, versions, scope),
    },
    sets: {
      add: (set, member, scope) => maybe(() => sets.add(set, member, scope)),
      members: (set, scope) => sets.members(set, scope),
      drop: (set, scope) => maybe(() => sets.drop(set, scope)),
    },
    blobs: {
      put: (key, bytes, options) => maybe(() => blobs.put(key, bytes, options)),
      get: (key, range) => blobs.get(key, range),
      list: (prefix) => blobs.list(prefix),
      delete: (keys) => blobs.delete(keys),
    },
  };
}

/** Nothing of this process happens any more, also nothing that is under way. */
function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}
