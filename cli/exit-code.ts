/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  jobFailed: 1,
  usage: 2,
  plan: 3,
  restore: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** By the name of the error's class, so that it also holds for another copy of Millrace. */
export function exitCodeOf(error: unknown): ExitCode {
  switch (error instanceof Error ? error.name : "") {
    case "UsageError":
      return EXIT.usage;
    case "PlanError":
      return EXIT.plan;
    case "RestoreError":
      return EXIT.restore;
    default:
      return EXIT.jobFailed;
  }
}
