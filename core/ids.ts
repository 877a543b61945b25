/** Names and uids: letters, digits and `. _ -`, at most 128 characters, so that they can be a path or a queue name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Whether `text` can be a uid, a job name or a state name. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** `Flight delays / hourly` -> `flight-delays-hourly`: a name made from free text. */
export function toName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-._]+|-+$/g, "")
    .slice(0, 128);
  return name === "" ? "unnamed" : name;
}
