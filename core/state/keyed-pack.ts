import { ByteReader, ByteWriter, beginEnvelope, endEnvelope, open } from "../record/index.ts";

/**
 * Several keyed state segments in one object, in their order: what a host that commits every turn
 * has written since its last file. A host that only checkpoints never writes one, but reads it.
 */
const VERSION = 1;

/** The byte of an envelope that holds its kind. */
const KIND_AT = 4;
const PACK_KIND = 6;

export function packKeyedFiles(files: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(1_024);
  const start = beginEnvelope("keyedPack", VERSION, writer);
  writer.writeVarint(files.length);
  for (const file of files) {
    writer.writeVarint(file.length);
    writer.writeBytes(file);
  }
  endEnvelope(start, writer);
  return writer.toBytes();
}

/** The files of a pack; a file that is none stands for itself. */
export function unpackKeyedFiles(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes[KIND_AT] !== PACK_KIND) return [bytes];
  const reader = new ByteReader(open(bytes, "keyedPack", { versionMax: VERSION }).body);
  const count = reader.readCount("a pack");
  const files: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) files.push(reader.readView(reader.readVarint()));
  reader.expectEnd();
  return files;
}
