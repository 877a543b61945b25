import { randomBytes } from "node:crypto";

/**
 * The names of one sink's files.
 *
 *   N1  names hold the run and the sink's uid: two jobs, or two sinks, in one folder never touch
 *       each other's files
 *   N2  a hidden name holds a token of its writer, so it never comes again, whatever is restarted
 *   N3  a final name holds the checkpoint that made it durable, so that a restored run, whose
 *       checkpoints are later ones, never writes it again
 */
export class PartNames {
  readonly #prefix: string;
  readonly #extension: string;

  constructor(runId: string, uid: string, extension: string) {
    this.#prefix = `part-${runId}-${uid}-`;
    this.#extension = extension;
  }

  /** Names for the in-progress files of one writer: hidden, because readers skip leading dots. */
  hiddenNames(subtask: number): () => string {
    const token = randomBytes(4).toString("hex");
    let count = 0;
    return () => `.${this.#prefix}${subtask}-${token}-${count++}${IN_PROGRESS}`;
  }

  isHidden(name: string): boolean {
    return name.startsWith(`.${this.#prefix}`) && HIDDEN.test(name.slice(this.#prefix.length + 1));
  }

  /** `index` tells the files of one subtask, checkpoint and folder apart. */
  final(subtask: number, checkpoint: number, index: number): string {
    return `${this.#prefix}${subtask}-${checkpoint}-${index}.${this.#extension}`;
  }

  /** The checkpoint of a finished file of this run and sink, else null. */
  checkpointOf(name: string): number | null {
    if (!name.startsWith(this.#prefix)) return null;
    const match = FINAL.exec(name.slice(this.#prefix.length));
    return match === null ? null : Number(match[1]);
  }

  /** The empty file that tells whether the folder can be written. */
  get probe(): string {
    return `.${this.#prefix}probe`;
  }
}

const IN_PROGRESS = ".inprogress";
const HIDDEN = /^\d+-[0-9a-f]{8}-\d+\.inprogress$/;
const FINAL = /^\d+-(\d+)-\d+\./;
