/** Says whether certificates of authorities are given. For a text or a list without any, Node.js would take those that sign for the whole world. */
export function namesAuthorities(ca: unknown): boolean {
  return Array.isArray(ca) ? ca.length > 0 && ca.every(isContent) : isContent(ca);
}

function isContent(value: unknown): boolean {
  return (typeof value === "string" || value instanceof Uint8Array) && value.length > 0;
}
