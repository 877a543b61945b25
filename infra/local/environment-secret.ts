/** Looks a secret up in the environment of this process. */
export function environmentSecret({ env }: { readonly env: string }): Promise<string | null> {
  return Promise.resolve(process.env[env] ?? null);
}
