/**
 * Acknowledgements of many subtasks, which would fill the coordinator's one message group: each
 * subtask keeps its own in the entry of its cut and adds the place of that entry to a set of numbers;
 * whoever sees the set full tells the coordinator, with one message, which then reads the entries.
 *
 *   AS1  a member names a committed entry that cuts the checkpoint: it is added as an effect of that
 *        entry, when all else that the entry does has happened (H18)
 *   AS2  every subtask has at most one member: in a generation it cuts a checkpoint once
 *   AS3  who sees all subtasks in the set has `acknowledged` accepted before its entry is done; it may
 *        come many times, and is a no-op for ever when its checkpoint is no longer pending (I-ONCE)
 *   AS4  a set goes with the completion of its checkpoint or of a later one, when every subtask has
 *        added what it will; what a late repeat adds then never fills a set again
 *   AS5  a turn that finds the set or an entry gone is stale, or the checkpoint can never complete: it
 *        gives the checkpoint up, under its commit (H3)
 */
import { assert } from "../assert.ts";
import type { SubtaskState } from "../checkpoint/snapshot.ts";
import { fromBytes, toBytes } from "../record/index.ts";

/** By uid of the operators of a vertex. */
export type AcknowledgedOperators = readonly (readonly [uid: string, state: SubtaskState])[];

/** The section of a cut's entry with what the subtask acknowledges. */
export const ACKNOWLEDGEMENT_SECTION = "ack";

export function encodeAcknowledgement(operators: AcknowledgedOperators): Uint8Array {
  return toBytes(operators);
}

export function decodeAcknowledgement(bytes: Uint8Array): AcknowledgedOperators {
  return fromBytes(bytes) as AcknowledgedOperators; // the entry vouches for what our own encoder wrote
}

/** The name of the set of a checkpoint. */
export function acknowledgementSet(job: string, generation: number, checkpoint: number): string {
  return `${job}/${generation}/acks/${checkpoint}`;
}

/** A subtask's entry as a member of a set. */
export interface AcknowledgingEntry {
  /** Of the subtask, in the coordinator's list of peers. */
  readonly place: number;
  readonly version: number;
}

const VERSIONS = 2 ** 32;
const PLACES = 2 ** 21;

export function memberOf({ place, version }: AcknowledgingEntry): number {
  assert(version > 0 && version < VERSIONS, `AS1: version ${version} of a cut fits into a member`);
  assert(place > 0 && place < PLACES, `AS1: place ${place} is a subtask's and fits into a member`);
  return place * VERSIONS + version;
}

export function entryOf(member: number): AcknowledgingEntry {
  return { place: Math.floor(member / VERSIONS), version: member % VERSIONS };
}

/** How many subtasks have acknowledged. */
export function subtasksIn(members: readonly number[]): number {
  return new Set(members.map((member) => entryOf(member).place)).size;
}
