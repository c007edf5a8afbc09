/** Work for a processor and for nobody else: about 0.2 ms. */
export function work({ n }) {
  let x = n | 0;
  for (let round = 0; round < 100_000; round++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  return x;
}

/** No work at all. */
export const idle = ({ n }) => n;
