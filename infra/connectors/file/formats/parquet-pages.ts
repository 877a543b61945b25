import type { DecodedArray } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { decompressPage, readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";

/** What hyparquet needs to know of a column in order to decode its pages. */
export type ColumnDecoder = Parameters<typeof readDataPage>[2];
type PageHeader = ReturnType<typeof parquetHeader>;
type PageReader = Parameters<typeof parquetHeader>[0];

/** A data page; with a dictionary, `values` are indexes into it. Values of missing rows are left out. */
interface Page {
  readonly rows: number;
  readonly values: DecodedArray;
  /** By row, 1 where there is a value; null when no row is without one. */
  readonly present: readonly number[] | null;
  readonly dictionary: DecodedArray | null;
}

/**
 * The values of a flat column of one row group; fewer than `rows` if it has fewer.
 *
 * hyparquet decodes the pages; putting values and gaps together is done here, because its own way
 * serves lists of any depth and took 0.4 of 1.2 s for three columns of the flights file
 * (`bench/read-parquet.ts`).
 */
export function readPages(bytes: ArrayBuffer, rows: number, decoder: ColumnDecoder): unknown[] {
  const reader: PageReader = { view: new DataView(bytes), offset: 0 };
  // oxlint-disable-next-line unicorn/no-new-array -- made at its length, as in the benchmark
  const values = new Array<unknown>(rows);
  let dictionary: DecodedArray | null = null;
  let filled = 0;
  while (filled < rows && reader.offset < bytes.byteLength) {
    const header = parquetHeader(reader);
    if (header.type === "DICTIONARY_PAGE") {
      dictionary = readDictionary(reader, header, decoder);
    } else if (header.type === "INDEX_PAGE") {
      reader.offset += header.compressed_page_size;
    } else {
      const page = readData(reader, header, decoder, dictionary);
      if (page.rows > rows - filled) throw new Error(`page with ${page.rows} rows is too long`);
      fill(values, filled, page);
      filled += page.rows;
    }
  }
  values.length = filled;
  return values;
}

function readDictionary(
  reader: PageReader,
  header: PageHeader,
  decoder: ColumnDecoder,
): DecodedArray {
  const { data } = readPage(reader, header, decoder, undefined, undefined, 0);
  return convert(data ?? [], decoder);
}

function readData(
  reader: PageReader,
  header: PageHeader,
  decoder: ColumnDecoder,
  dictionary: DecodedArray | null,
): Page {
  const size = header.compressed_page_size;
  const bytes = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, size);
  reader.offset += size;
  const v1 = header.data_page_header;
  const v2 = header.data_page_header_v2;
  const about = v1 ?? v2;
  if (about === undefined) throw new Error(`unknown page type ${header.type}`);
  const { definitionLevels, dataPage } =
    v1 === undefined
      ? readDataPageV2(bytes, header, decoder)
      : readDataPage(decompress(bytes, header, decoder), v1, decoder);
  const gaps = dataPage.length < about.num_values;
  const coded = about.encoding === "PLAIN_DICTIONARY" || about.encoding === "RLE_DICTIONARY";
  if (coded && dictionary === null) throw new Error("a page's dictionary is missing");
  return {
    rows: about.num_values,
    values: coded ? dataPage : convert(dataPage, decoder),
    present: gaps ? (definitionLevels ?? []) : null,
    dictionary: coded ? dictionary : null,
  };
}

function decompress(bytes: Uint8Array, header: PageHeader, decoder: ColumnDecoder): Uint8Array {
  const { codec, compressors } = decoder;
  return decompressPage(bytes, header.uncompressed_page_size, codec, compressors);
}

/** Puts the rows of a page at `from`. */
function fill(target: unknown[], from: number, page: Page): void {
  const { rows, values, present, dictionary } = page;
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (present !== null && present[row] !== 1) {
      target[from + row] = null;
      continue;
    }
    const value: unknown = values[next++];
    target[from + row] = dictionary === null ? value : entry(dictionary, value as number);
  }
}

function entry(dictionary: DecodedArray, index: number): unknown {
  if (index < dictionary.length) return dictionary[index];
  throw new Error(`entry ${index} of a dictionary of ${dictionary.length}`);
}
