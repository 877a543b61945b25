import { PlanError, show } from "../errors.ts";
import { isName } from "../ids.ts";

/**
 * Names a side output and the type of its records. Two tags with the same id are the same output.
 *
 * @throws PlanError PLAN_OUTPUT_TAG when `id` is no name: letters, digits and `. _ -`
 * @example
 * const rejected = new OutputTag<Order>("rejected");
 * // in a process function: ctx.output(rejected, order)
 * // behind it: stream.getSideOutput(rejected)
 */
export class OutputTag<T> {
  readonly id: string;
  /** Only a type: the records' type. */
  declare readonly _type?: T;

  constructor(id: string) {
    if (typeof id !== "string" || !isName(id)) {
      throw new PlanError(`the id of an output tag is no name (got ${show(id)})`, {
        code: "PLAN_OUTPUT_TAG",
        hint: 'use letters, digits and . _ -, for instance new OutputTag<Order>("late")',
      });
    }
    this.id = id;
    Object.freeze(this);
  }
}
