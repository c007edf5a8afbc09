/** True where two types are the same, `any` told apart from everything else. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`, as in `expectType<Equal<typeof greeting, string>>()`. */
export function expectType<_T extends true>(): void {}
