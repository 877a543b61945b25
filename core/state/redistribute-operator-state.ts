import type { OperatorStateSnapshot } from "./operator-state-store.ts";

type Lists = OperatorStateSnapshot["lists"];
type Broadcasts = OperatorStateSnapshot["broadcasts"];

/**
 * Operator state for `parallelism` new subtasks, from that of the old ones by index (semantics 18):
 * lists stay where they were when the parallelism is unchanged and go round robin otherwise, every
 * subtask gets the elements of all unions, broadcast state is copied from one subtask to all.
 */
export function redistributeOperatorState(
  old: readonly OperatorStateSnapshot[],
  parallelism: number,
): OperatorStateSnapshot[] {
  const unions = concatenated(old.map((snapshot) => snapshot.unions));
  const lists =
    old.length === parallelism
      ? old.map((snapshot) => snapshot.lists)
      : dealt(concatenated(old.map((snapshot) => snapshot.lists)), parallelism);
  return Array.from({ length: parallelism }, (_, subtask) => ({
    lists: lists[subtask] ?? {},
    unions,
    broadcasts: broadcastsFor(old, subtask),
  }));
}

/** The elements of all subtasks under each name, in the order of subtasks. */
function concatenated(all: readonly Lists[]): Record<string, readonly unknown[]> {
  const joined: Record<string, unknown[]> = {};
  for (const lists of all) {
    for (const [name, values] of Object.entries(lists)) {
      joined[name] = (joined[name] ?? []).concat(values);
    }
  }
  return joined;
}

function dealt(lists: Lists, parallelism: number): Lists[] {
  return Array.from({ length: parallelism }, (_, subtask) =>
    Object.fromEntries(
      Object.entries(lists).map(([name, values]) => [
        name,
        values.filter((_value, index) => index % parallelism === subtask),
      ]),
    ),
  );
}

/** A subtask's own entries, or for new ones those of the first subtask that has some. */
function broadcastsFor(old: readonly OperatorStateSnapshot[], subtask: number): Broadcasts {
  const names = new Set(old.flatMap((snapshot) => Object.keys(snapshot.broadcasts)));
  const entries = [...names].map((name) => {
    const holder =
      old[subtask]?.broadcasts[name] ?? old.find((one) => name in one.broadcasts)?.broadcasts[name];
    return [name, holder ?? []] as const;
  });
  return Object.fromEntries(entries);
}
