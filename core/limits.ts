/** Every limit of the engine, by name (law L9). Going over one is a LimitError that names it. */
export const limits = {
  /** Subtasks of one vertex. */
  parallelismMax: 32_768,
  /** Key groups; as Flink's upper bound for max parallelism. */
  maxParallelismMax: 32_768,
  /** Subtask pairs of one all-to-all edge. */
  channelsPerEdgeMax: 1_024,
  /** Records of one batch between two tasks. */
  batchRecordsMax: 1_024,
  /** Elements an embedded channel holds before its sender stops. */
  channelElementsMax: 16,
  /** Elements a turn emits before it ends (a record or timer at work may add more). */
  turnEmissionsMax: 8,
  /** Nesting depth of a value in the codec. */
  valueDepthMax: 64,
  /** Entries of one array, object, Map or Set in the codec. */
  valueEntriesMax: 16_777_216,
  /** Bytes of one encoded string or byte array. */
  valueBytesMax: 268_435_456,
  /** Bytes of one bigint in the codec. */
  bigintBytesMax: 1_048_576,
  /** Bytes of the body of a message; a larger one lies in an object (billed per started 64 KB). */
  messageBytesMax: 63_000,
  /** Bytes of a commit that stay in its ledger item; a larger one lies in an object. */
  ledgerInlineBytesMax: 8_192,
  /** Bytes of output that an edge holds back for one target before it is sent. */
  heldOutputBytesMax: 32_768,
  /** Elements that one turn of a function emits before it ends. */
  functionEmissionsMax: 256,
  /** Records that a source emits in one turn of a function, about. */
  functionRecordsMax: 10_000,
  /** Messages of a channel that are sent and not consumed (P11). */
  channelCreditsDefault: 8,
  /** Messages that wait for one that is missing (P3.3); more fail the job. */
  reorderMessagesMax: 256,
  /** Ledger entries since the last snapshot from which on a turn writes one. */
  snapshotEntriesMax: 16,
  /** Bytes of changed state since the last snapshot from which on a turn writes one. */
  snapshotBytesMax: 524_288,
  /** Bytes of changed keyed state that a base entry keeps in itself, rather than in a file. */
  entrySegmentBytesMax: 65_536,
  /** Bytes of a subtask's keyed state up to which it is rewritten in one turn; a larger one is
   * rewritten some key groups at a time, about so much in a turn. */
  stateRewriteBytesMax: 4_194_304,
  /** Bytes of staged sink output from which on a turn hands them to the sink's writer. */
  stagedBytesMax: 4_194_304,
  /** Subtasks whose acknowledgements each travel as a message; more acknowledge in a set. */
  acknowledgementSetFrom: 64,
  /** Milliseconds that ledger entries are kept behind a completed cut: longer than a signed request
   * is valid and a function runs (protocol P6). */
  ledgerKeptMs: 3_600_000,
  /** Requests to the coordinator that are remembered, so that a repeated one takes effect once. */
  requestsKept: 256,
  /** Bytes of one envelope's body, after decompression. */
  frameBytesMax: 268_435_456,
  /** Bytes of one canonical key. */
  keyBytesMax: 65_536,
  /** Bytes of one line of a text or NDJSON file. */
  lineBytesMax: 67_108_864,
  /** Characters of a user value quoted in an error. */
  shownCharactersMax: 200,
} as const;
