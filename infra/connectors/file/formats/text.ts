import { DataError, show } from "../../../../core/errors.ts";
import type { LineFormat } from "../file-format.ts";

/**
 * Lines of text, each a record; UTF-8, `\n` or `\r\n`. Writing puts a line break behind each value.
 *
 * @example fileSource({ path: "logs", format: text() });
 */
export function text(): LineFormat<string> {
  return TEXT;
}

const LINE_BREAK = /[\r\n]/;

const TEXT: LineFormat<string> = {
  kind: "lines",
  describe: "text",
  extension: "txt",
  blankLines: "keep",
  decode: (line) => line,
  encode: encodeText,
};

function encodeText(value: string): string {
  if (typeof value === "string" && !LINE_BREAK.test(value)) return value;
  throw new DataError(`a text file cannot hold this value as one line (got ${show(value)})`, {
    code: "TEXT_UNWRITABLE",
    hint: "map the records to strings without line breaks, or write ndjson()",
  });
}
