/** What simulated code can ask of a port. */
export const callKinds = [
  "queue.send",
  "queue.receive",
  "queue.delete",
  "queue.visibility",
  "delay.send",
  "delay.receive",
  "delay.delete",
  "ledger.append",
  "ledger.read",
  "ledger.newest",
  "ledger.trim",
  "record.get",
  "record.put",
  "set.add",
  "set.members",
  "set.drop",
  "blob.put",
  "blob.get",
  "blob.list",
  "blob.delete",
] as const;

export type CallKind = (typeof callKinds)[number];

/** What delivery and containers do, where chance and faults come in as at calls. */
export const hostKinds = [
  "poll",
  "dispatch",
  "invoke",
  "result",
  "group",
  "container",
  "message",
  "gone",
  "stale",
  "repeat",
  "actor",
] as const;

export type HostKind = (typeof hostKinds)[number];

/** Milliseconds from a call to its effect and answer: `least`, and `spread` more on average. */
export const latencies: Readonly<
  Record<CallKind, { readonly least: number; readonly spread: number }>
> = {
  "queue.send": { least: 6, spread: 4 },
  "queue.receive": { least: 6, spread: 4 },
  "queue.delete": { least: 6, spread: 4 },
  "queue.visibility": { least: 6, spread: 4 },
  "delay.send": { least: 6, spread: 4 },
  "delay.receive": { least: 6, spread: 4 },
  "delay.delete": { least: 6, spread: 4 },
  "ledger.append": { least: 4, spread: 3 },
  "ledger.read": { least: 3, spread: 2 },
  "ledger.newest": { least: 3, spread: 2 },
  "ledger.trim": { least: 4, spread: 4 },
  "record.get": { least: 3, spread: 2 },
  "record.put": { least: 4, spread: 3 },
  "set.add": { least: 4, spread: 3 },
  "set.members": { least: 3, spread: 2 },
  "set.drop": { least: 4, spread: 3 },
  "blob.put": { least: 25, spread: 25 },
  "blob.get": { least: 15, spread: 20 },
  "blob.list": { least: 20, spread: 20 },
  "blob.delete": { least: 20, spread: 20 },
};
