import type { Output, SideOutputs } from "./operator.ts";

/**
 * Side outputs by tag. A tag without a reader drops its records, as in Flink.
 */
export class SideRouter implements SideOutputs {
  readonly #outputs: ReadonlyMap<string, Output<unknown>>;

  constructor(outputs: ReadonlyMap<string, Output<unknown>>) {
    this.#outputs = outputs;
  }

  get size(): number {
    return this.#outputs.size;
  }

  emit(tag: string, value: unknown, timestamp: number): void {
    this.#outputs.get(tag)?.process(value, timestamp);
  }

  /** Watermarks travel on side outputs as on the main one. */
  watermark(timestamp: number): void {
    for (const output of this.#outputs.values()) output.watermark(timestamp);
  }

  status(idle: boolean): void {
    for (const output of this.#outputs.values()) output.status(idle);
  }
}

/** The main output of an operator with side outputs: only time goes to all of them. */
export class MainOutput implements Output<unknown> {
  readonly #main: Output<unknown>;
  readonly #sides: SideRouter;

  constructor(main: Output<unknown>, sides: SideRouter) {
    this.#main = main;
    this.#sides = sides;
  }

  process(value: unknown, timestamp: number): void {
    this.#main.process(value, timestamp);
  }

  watermark(timestamp: number): void {
    this.#main.watermark(timestamp);
    this.#sides.watermark(timestamp);
  }

  status(idle: boolean): void {
    this.#main.status(idle);
    this.#sides.status(idle);
  }
}
