import { type Duration, durationMs } from "../duration.ts";
import { PlanError, show } from "../errors.ts";
import type { Transformation } from "../graph/transformation.ts";
import { limits } from "../limits.ts";
import { requireName, requireParallelism } from "./checks.ts";

/** What users may set on an operator or a sink. Each method returns the object itself. */
export class OperatorSettings {
  protected readonly transformation: Transformation;

  /** @internal */
  constructor(transformation: Transformation) {
    this.transformation = transformation;
  }

  /**
   * The name under which checkpoints keep the operator's state. Give one to every stateful operator
   * and every sink, and keep it when the job changes.
   *
   * @throws PlanError PLAN_INVALID_UID
   * @example stream.keyBy((order) => order.shop).sum("amount").uid("revenue")
   */
  uid(uid: string): this {
    requireName(uid, "PLAN_INVALID_UID", `the uid of a ${this.transformation.kind} operator`);
    this.transformation.uid = uid;
    return this;
  }

  /** The name that people see in plans, metrics and errors: one line of text. */
  name(name: string): this {
    if (typeof name !== "string" || name === "") {
      throw new PlanError(
        `the name of a ${this.transformation.kind} operator is not valid (got ${show(name)})`,
        { code: "PLAN_INVALID_NAME", hint: "use one line of 1 to 128 characters" },
      );
    }
    this.transformation.name = name;
    return this;
  }

  /**
   * The number of subtasks. Overrides the job's (decision c).
   *
   * @throws PlanError PLAN_PARALLELISM
   */
  setParallelism(parallelism: number): this {
    const what = `the parallelism of ${this.transformation.name}`;
    requireParallelism(parallelism, what, limits.parallelismMax);
    this.transformation.parallelism = parallelism;
    return this;
  }

  /** The number of key groups, which bounds the parallelism for ever: a restore cannot change it. */
  setMaxParallelism(maxParallelism: number): this {
    const what = `the max parallelism of ${this.transformation.name}`;
    requireParallelism(maxParallelism, what, limits.maxParallelismMax);
    this.transformation.maxParallelism = maxParallelism;
    return this;
  }

  /** Keeps the operator in a task of its own. */
  disableChaining(): this {
    this.transformation.chaining = "never";
    return this;
  }

  /** Begins a new task with this operator; operators behind it may join. */
  startNewChain(): this {
    this.transformation.chaining = "head";
    return this;
  }

  /** Operators of different groups never share a task (on Lambda: a function). Default: the group of the inputs. */
  slotSharingGroup(group: string): this {
    const what = `the slot sharing group of ${this.transformation.name}`;
    requireName(group, "PLAN_INVALID_NAME", what);
    this.transformation.slotSharingGroup = group;
    return this;
  }

  /**
   * How long results may wait for more before they are sent; zero sends after every turn.
   *
   * @throws UsageError USAGE_DURATION
   */
  setBufferTimeout(timeout: Duration): this {
    this.transformation.bufferTimeoutMs = durationMs(timeout, "setBufferTimeout");
    return this;
  }
}
