import { RestoreError } from "../../../core/errors.ts";
import type { JobOverview } from "../../../core/protocol/job-control.ts";
import type { StartFrom } from "../../../core/protocol/job-record.ts";
import type { FunctionsDirectory } from "./functions-directory.ts";
import { checkpointFolder, importCheckpoint } from "./imported-checkpoint.ts";

/** What a start of the host does: it delivers on, or begins a generation. */
export type StartChoice =
  { readonly kind: "go-on" } | { readonly kind: "start"; readonly from: StartFrom };

export interface StartQuestion {
  readonly directory: FunctionsDirectory;
  readonly job: string;
  readonly planHash: string;
  /** As `RunJobOptions.from`. */
  readonly from: string | null;
  /** Null: nothing has ever run here. */
  readonly overview: JobOverview | null;
  readonly notice: (line: string) => void;
}

/** The same rules as for the embedded host; what runs goes on from its heads, not from a checkpoint. */
export async function chooseStart(question: StartQuestion): Promise<StartChoice> {
  const { from } = question;
  switch (from) {
    case null:
      return withoutWish(question);
    case "fresh":
      return fresh(question);
    case "latest":
      return latest(question);
    default:
      return { kind: "start", from: { metadataKey: await keyOf(question, from) } };
  }
}

function withoutWish(question: StartQuestion): StartChoice {
  const { overview, directory, planHash, notice } = question;
  const begun = directory.lastStart;
  if (overview === null) return { kind: "start", from: begun ?? "fresh" };
  const { phase, runId, planHash: theirs } = overview.record;
  switch (phase) {
    case "sealing":
    case "starting":
      notice(`run ${runId} was ended while it started: it is started again`);
      return { kind: "start", from: begun ?? "latest" };
    case "finished":
    case "cancelled":
      return fresh(question);
    case "stopped":
      noticeContinuing(question);
      return { kind: "start", from: "latest" };
    case "running":
    case "stopping":
    case "failed":
      if (theirs !== planHash) {
        notice(CHANGED);
        noticeContinuing(question);
        return { kind: "start", from: "latest" };
      }
      notice(`continuing run ${runId} where it was`);
      return { kind: "go-on" };
  }
}

const CHANGED =
  "the job is not quite the one that this run began with (params, settings or operators differ); " +
  "what the sources had begun to read is read to its end as it was, --fresh begins anew";

function noticeContinuing({ overview, notice }: StartQuestion): void {
  const checkpoint = overview?.coordinator?.completed.latest?.checkpoint ?? null;
  const runId = overview?.record.runId ?? "";
  notice(
    checkpoint === null
      ? `run ${runId} has no checkpoint yet: starting from the beginning`
      : `continuing run ${runId} from checkpoint ${checkpoint}`,
  );
}

function fresh({ overview, directory, notice }: StartQuestion): StartChoice {
  if (overview !== null) {
    const { runId, phase } = overview.record;
    notice(
      phase === "finished" || phase === "cancelled"
        ? `starting afresh: run ${runId} in ${directory.path} is ${phase}`
        : `starting afresh: the unfinished run ${runId} in ${directory.path} is left behind`,
    );
  }
  return { kind: "start", from: "fresh" };
}

function latest(question: StartQuestion): StartChoice {
  const { overview } = question;
  // In the middle of a start its generation has no coordinator yet, but the one before has.
  const before = overview?.record.before ?? null;
  if (before !== null) return { kind: "start", from: "latest" };
  const newest = overview?.coordinator?.completed.latest ?? null;
  if (overview === null || newest === null) throw nothingToRestore(question);
  if (overview.record.planHash !== question.planHash) question.notice(CHANGED);
  noticeContinuing(question);
  return { kind: "start", from: "latest" };
}

/** The key of the `_metadata` that a name in the directory, or a path, means. */
async function keyOf(question: StartQuestion, from: string): Promise<string> {
  const { overview, directory, job } = question;
  const { blobs } = directory.ports;
  const folder = checkpointFolder(from);
  if (folder !== null) return importCheckpoint(folder, job, blobs);
  const { retained = [], latest = null } = overview?.coordinator?.completed ?? {};
  // The savepoint of a stop is the latest, but not one of the retained checkpoints.
  const kept = [...retained, ...(latest === null ? [] : [latest])].find(
    ({ checkpoint }) => from === `chk-${checkpoint}`,
  );
  if (kept !== undefined) return kept.metadataKey;
  const key = `${job}/savepoints/${from}/_metadata`;
  if ((await blobs.get(key)) !== null) return key;
  const names = retained.map(({ checkpoint }) => `chk-${checkpoint}`);
  throw new RestoreError(`there is no checkpoint ${from} in ${directory.path}`, {
    code: "RESTORE_NO_CHECKPOINT",
    hint:
      names.length === 0
        ? "the present run has none; give the path of a savepoint"
        : `the present run has ${names.join(", ")}; or give the path of a savepoint`,
  });
}

function nothingToRestore({ overview, directory }: StartQuestion): RestoreError {
  return overview === null
    ? new RestoreError(`there is no checkpoint in ${directory.path}`, {
        code: "RESTORE_NO_CHECKPOINT",
        hint: "run without --from, or check --checkpoint-dir",
      })
    : new RestoreError(`the present run has no checkpoint in ${directory.path}`, {
        code: "RESTORE_NO_CHECKPOINT",
        hint: "run without --from",
      });
}
