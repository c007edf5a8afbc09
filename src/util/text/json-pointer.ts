// JSON Pointers (RFC 6901): the way from a value to a part of it.

/** The pointer to a member, or to an entry of a list, of what the first pointer names. */
export function pointerTo(holder: string, name: string | number): string {
  return `${holder}/${typeof name === "number" ? name : escapeStep(name)}`;
}

/** A name as one step of a pointer. */
export function escapeStep(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** One step of a pointer, as the name that it stands for. */
export function unescapeStep(step: string): string {
  return step.includes("~") ? step.replaceAll("~1", "/").replaceAll("~0", "~") : step;
}

/** The steps of a pointer, each by name. */
export function namesOf(pointer: string): string[] {
  return pointer.split("/").slice(1).map(unescapeStep);
}

/** The steps of a pointer: members by name, entries of a list by number. */
export function stepsOf(pointer: string): (string | number)[] {
  return namesOf(pointer).map((step) => (/^(0|[1-9]\d{0,14})$/.test(step) ? Number(step) : step));
}
