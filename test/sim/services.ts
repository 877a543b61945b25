import type { BlobStore } from "../../core/ports/index.ts";
import type { FunctionPorts } from "../../core/protocol/function.ts";
import { MemoryBlobStore } from "../../infra/memory/memory-blob-store.ts";
import { MemoryNumberSets } from "../../infra/memory/memory-number-sets.ts";
import { MemoryRecordStore } from "../../infra/memory/memory-record-store.ts";
import { ClientBlobs } from "./client-blobs.ts";
import { ClientDelays } from "./client-delays.ts";
import { ClientLedger } from "./client-ledger.ts";
import { ClientQueues } from "./client-queues.ts";
import { ClientRecords } from "./client-records.ts";
import { ClientSets } from "./client-sets.ts";
import type { Client } from "./client.ts";
import { DelayService } from "./delay-service.ts";
import { LedgerService } from "./ledger-service.ts";
import { QueueService } from "./queue-service.ts";
import type { Simulation } from "./simulation.ts";

/** Everything outside that functions use, as it is, without faults and without time. */
export class Services {
  readonly queues: QueueService;
  readonly delays: DelayService;
  readonly ledger: LedgerService;
  readonly records: MemoryRecordStore = new MemoryRecordStore();
  readonly sets: MemoryNumberSets = new MemoryNumberSets();
  readonly blobs: BlobStore = new MemoryBlobStore();

  constructor(sim: Simulation) {
    this.queues = new QueueService(sim);
    this.delays = new DelayService(sim);
    this.ledger = new LedgerService(sim);
  }

  /** The services as a client sees them. */
  portsOf(client: Client): FunctionPorts {
    return {
      clock: client,
      random: client.random,
      queues: new ClientQueues(client, this.queues),
      delays: new ClientDelays(client, this.delays),
      ledger: new ClientLedger(client, this.ledger),
      records: new ClientRecords(client, this.records),
      sets: new ClientSets(client, this.sets),
      blobs: new ClientBlobs(client, this.blobs),
    };
  }
}
