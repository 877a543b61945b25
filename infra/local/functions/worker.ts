import { buildJob } from "../../../core/api/build-job.ts";
import type { Job } from "../../../core/api/define-job.ts";
import type { FunctionPorts } from "../../../core/protocol/function.ts";
import { JobFunctions } from "../../../core/protocol/job-functions.ts";
import { JobTopology } from "../../../core/protocol/job-topology.ts";
import { WakeUpForwarder } from "../../../core/protocol/wake-up.ts";
import { environmentSecret } from "../environment-secret.ts";
import { FileMetricReporter } from "../file-metric-reporter.ts";
import { openFilePorts } from "./file-ports.ts";
import { observedPorts } from "./observed-ports.ts";
import {
  type FromWorker,
  type Invocation,
  type ToWorker,
  type WorkerSetup,
  workerError,
} from "./worker-message.ts";

export interface WorkerOptions {
  /** The job that `WorkerSetup.source` means. */
  loadJob(source: unknown): Promise<Job>;
  /** For tests: ports that fail, or end the process, in between. */
  around?(ports: FunctionPorts, setup: WorkerSetup): FunctionPorts;
}

/**
 * Who has no credit is away for a second or more, in which its receiver is to have enough to do: here
 * turns take tens of milliseconds.
 */
const CREDITS = 32;

/** The functions of a job in this process: runs one, and gives the ids of messages that come again. */
type Functions = (invocation: Invocation) => Promise<readonly string[]>;

/**
 * Makes this process, a child with an IPC channel, a worker: it builds the job once and runs
 * invocations until its parent is gone.
 *
 *   FW1  all that binds it to others are the job's files; what it tells its parent may be lost
 *   FW2  Ctrl-C is the parent's business: a terminal sends it to all processes
 *   FW3  an error that nobody catches ends the process
 */
export function serveInvocations(options: WorkerOptions): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit());
  let functions: Functions | null = null;
  const handle = async (message: ToWorker): Promise<void> => {
    if (message.kind === "setup") {
      functions = await setUp(message.setup, options);
      return;
    }
    if (functions === null) throw new Error("an invocation came before the setup");
    tell({ kind: "result", id: message.id, failed: await functions(message) });
  };
  process.on("message", (message: ToWorker) => {
    handle(message).catch((error: unknown) => {
      setImmediate(() => {
        throw error; // FW3
      });
    });
  });
}

async function setUp(setup: WorkerSetup, options: WorkerOptions): Promise<Functions> {
  try {
    const { program } = buildJob(await options.loadJob(setup.source), {
      ...setup.build,
      resolveSecret: environmentSecret,
    });
    const files = {
      ...(await openFilePorts(setup.directory, setup)),
      metrics: new FileMetricReporter(setup.metrics),
    };
    const ports = options.around?.(files, setup) ?? files;
    const functions = functionsOver(new JobTopology(program), ports, setup.codeHash);
    tell({ kind: "ready", planHash: program.plan.planHash });
    return functions;
  } catch (error) {
    tell({ kind: "unusable", error: workerError(error) });
    throw error;
  }
}

function functionsOver(topology: JobTopology, files: FunctionPorts, codeHash: string): Functions {
  const ports = observedPorts(files, (of) => tell({ kind: "news", of }));
  const functions = new JobFunctions({
    topology,
    ports,
    codeHash,
    creditsPerChannel: CREDITS,
    print: (line) => tell({ kind: "print", line }),
    switchOff: async () => tell({ kind: "job-failed" }),
    onError: (error, at) => tell({ kind: "error", at, error: workerError(error) }),
  });
  const timer = new WakeUpForwarder(ports);
  return async (invocation) => {
    const { deadlineMs } = invocation;
    try {
      if (invocation.kind === "timer") {
        return (await timer.handle(invocation.messages, deadlineMs)).failed;
      }
      const { queue, messages } = invocation;
      const result = await functions.queueFunction(queue).handle({ queue, messages }, deadlineMs);
      return result.failed;
    } catch (error) {
      tell({ kind: "error", at: invocation.kind, error: workerError(error) });
      return invocation.messages.map(({ messageId }) => messageId);
    }
  };
}

/** Once the parent is gone nobody listens, and the process ends by itself. */
function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => undefined);
}
