import type { CallScope } from "./call-scope.ts";

/**
 * Sets of numbers by name, as number-set attributes of DynamoDB items behave: each is changed in
 * place, at one instant, and consistent. Members are natural numbers, safe integers. A set is made by
 * its first member; one that nobody has added to is empty.
 */
export interface NumberSets {
  /**
   * All members right after `member` was added, itself among them; adding one again changes nothing.
   * So of all who add to a set the last one sees all. A rejection leaves open whether it was added.
   */
  add(set: string, member: number, scope: CallScope): Promise<readonly number[]>;
  /** All members, in no order. */
  members(set: string, scope: CallScope): Promise<readonly number[]>;
  /** Removes the set as a whole; whoever adds to it later begins anew. */
  drop(set: string, scope: CallScope): Promise<void>;
}
