/** Which states may follow each state. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>;

/** Returns the new state. @throws {Error} A move that the table does not have: a fault of ours, not of a user. */
export function moveState<S extends string>(moves: Moves<S>, from: S, to: S): S {
  if (!moves[from].includes(to)) throw new Error(`No move from state "${from}" to "${to}"`);
  return to;
}
