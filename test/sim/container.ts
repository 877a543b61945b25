import type { FunctionPorts, QueueFunction, TimerFunction } from "../../core/protocol/function.ts";
import { Client } from "./client.ts";
import type { Simulation } from "./simulation.ts";

/** What a container runs: made once in it, and warm from then on. */
export interface ContainerCode {
  queueFunction(queue: string): QueueFunction;
  readonly timer: TimerFunction;
}

export type CreateContainer = (ports: FunctionPorts) => ContainerCode;

/** A process of a function: it keeps its globals from invocation to invocation. */
export class Container extends Client {
  readonly functionName: string;
  /** Nobody gives it an invocation before this time. */
  reservedUntil = 0;

  constructor(sim: Simulation, functionName: string, name: string, skewMs: number) {
    super(sim, name, skewMs);
    this.functionName = functionName;
  }
}
