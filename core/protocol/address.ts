/** A subtask of a vertex, or the coordinator: whoever has a ledger and a message group. */
export interface Address {
  readonly vertex: string;
  readonly subtask: number;
}

/** Vertex ids are uids, which begin with a letter or digit: no job has this one. */
export const COORDINATOR_VERTEX = ":coordinator";

export const COORDINATOR: Address = Object.freeze({ vertex: COORDINATOR_VERTEX, subtask: 0 });

export function isCoordinator({ vertex }: Address): boolean {
  return vertex === COORDINATOR_VERTEX;
}

/** `hourly/2`: a subtask as one string, for maps and messages to people. */
export function addressName({ vertex, subtask }: Address): string {
  return `${vertex}/${subtask}`;
}

export function parseAddress(name: string): Address {
  const at = name.lastIndexOf("/");
  return { vertex: name.slice(0, at), subtask: Number(name.slice(at + 1)) };
}

/** The queue of all subtasks of a vertex. */
export function queueOf(job: string, vertex: string): string {
  return `${job}/${vertex}`;
}

/** The vertex that a queue of the job belongs to. */
export function vertexOf(job: string, queue: string): string {
  return queue.slice(job.length + 1);
}

/** The one group that everything for a subtask comes through (P1, I-ONEGROUP): `3.0`. */
export function groupOf(generation: number, subtask: number): string {
  return `${generation}.${subtask}`;
}

export function parseGroup(group: string): {
  readonly generation: number;
  readonly subtask: number;
} {
  const [generation = "", subtask = ""] = group.split(".");
  return { generation: Number(generation), subtask: Number.parseInt(subtask, 10) };
}

/** The ledger partition of a subtask in a generation. */
export function partitionOf(job: string, generation: number, { vertex, subtask }: Address): string {
  return `${job}/${generation}/${vertex}/${subtask}`;
}
