/**
 * Lines for standard output.
 *
 *   OL1  lines leave in the order in which they came, all those of one turn of the event loop in
 *        one write, so that printing a million records is not a million system calls
 *   OL2  `flush` resolves when everything has been taken by the system
 *   OL3  once the reader has gone away (EPIPE), lines are dropped, and `onClosed` is called once
 */
export class OutputLines {
  readonly #stream: NodeJS.WriteStream;
  readonly #beforeWrite: () => void;
  #pending: string[] = [];
  #pendingLength = 0;
  #scheduled = false;
  #closed = false;

  constructor(stream: NodeJS.WriteStream, onClosed: () => void, beforeWrite: () => void) {
    this.#stream = stream;
    this.#beforeWrite = beforeWrite;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (this.#closed) return;
      this.#closed = true;
      onClosed();
    });
  }

  write(line: string): void {
    if (this.#closed) return;
    this.#pending.push(line);
    this.#pendingLength += line.length;
    if (this.#pendingLength > FLUSH_LENGTH) this.#writeNow();
    else if (!this.#scheduled) this.#schedule();
  }

  async flush(): Promise<void> {
    this.#writeNow();
    if (this.#closed || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => this.#stream.write("", () => resolve()));
  }

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeNow();
    });
  }

  #writeNow(): void {
    if (this.#pending.length === 0 || this.#closed) return;
    const text = `${this.#pending.join("\n")}\n`;
    this.#pending = [];
    this.#pendingLength = 0;
    this.#beforeWrite();
    this.#stream.write(text);
  }
}

/** Characters. */
const FLUSH_LENGTH = 65_536;
