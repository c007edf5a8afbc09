// How sentences name what was lent: both sides say the same.

export function callbackOf(method: string): string {
  return `callback of ${method}`;
}

export function streamOf(method: string): string {
  return `stream to ${method}`;
}
