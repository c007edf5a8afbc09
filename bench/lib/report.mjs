import { FIGURES, GOALS } from "./goals.mjs";
import { median, paired, pairs, quantile } from "./statistics.mjs";

const US = "mortise-tcp";

/** One table per figure: median of the rounds, their least and most, and how it stands to mortise over TCP, paired by round. */
export function tables(results, { goals: withGoals = true } = {}) {
  return FIGURES.filter(({ figure }) => results[figure] !== undefined).map((about) => table(about, results[about.figure], withGoals));
}

function table({ title, unit, better, digits, figure }, byContestant, withGoals) {
  const show = (value) =>
    Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }) : "–";
  const ours = byContestant[US];
  const rows = Object.entries(byContestant)
    .sort(([, a], [, b]) => (better === "less" ? 1 : -1) * (rank(a) - rank(b)))
    .map(([name, values]) => [
      name,
      show(median(values)),
      Number.isFinite(values[0]) ? `${show(quantile(values, 0))} … ${show(quantile(values, 1))}` : "–",
      ours === undefined || name === US ? "" : standing(figure, ours, values),
      ...(withGoals ? [goalsBeside(name, figure, byContestant)] : []),
    ]);
  return render([title, unit, "least … most of the rounds", "mortise-tcp is", ...(withGoals ? ["goal"] : [])], rows);
}

const rank = (values) => (Number.isFinite(median(values)) ? median(values) : Number.NEGATIVE_INFINITY);

// Differences where a ratio would depend on the floor that was taken off.
function standing(figure, ours, theirs) {
  const additive = figure === "start" || figure === "firstStart";
  const value = paired(ours, theirs, additive ? (a, b) => a - b : (a, b) => a / b);
  if (!Number.isFinite(value)) return "";
  return additive ? `${value < 0 ? "" : "+"}${value.toFixed(1)} ms` : `${value.toFixed(2)}x`;
}

/** What is to be reached beside a contestant; by whom, where that is not mortise over TCP. */
function goalsBeside(name, figure, byContestant) {
  return GOALS.filter((goal) => goal.figure === figure && goal.than === name)
    .map((goal) => ({ ...goal, reached: verdict(goal, byContestant) }))
    .filter(({ reached }) => reached !== undefined)
    .map(({ us, says, reached }) => `${us === US ? "" : `${us} `}${says} ${reached.says}`)
    .join(", ");
}

/** Settled only where every round agrees. */
function verdict({ us, than, compare, met }, byContestant) {
  if (byContestant[us] === undefined || byContestant[than] === undefined) return undefined;
  const values = pairs(byContestant[us], byContestant[than], compare);
  if (values.length === 0) return undefined;
  const count = values.filter(met).length;
  const word = count === values.length ? "met" : count === 0 ? "MISSED" : "unclear";
  return { value: median(values), least: quantile(values, 0), most: quantile(values, 1), says: `${word} (${count} of ${values.length})` };
}

/** All goals whose two sides were measured. */
export function goals(results) {
  const rows = [];
  for (const goal of GOALS) {
    const reached = results[goal.figure] && verdict(goal, results[goal.figure]);
    if (reached === undefined) continue;
    const { title } = FIGURES.find(({ figure }) => figure === goal.figure);
    const spread = `${reached.least.toFixed(2)} … ${reached.most.toFixed(2)}`;
    rows.push([title, goal.us, goal.than, reached.value.toFixed(2), spread, goal.says, reached.says]);
  }
  return rows.length === 0 ? "" : render(["Goal", "of", "beside", "reached", "least … most", "goal", "met in rounds"], rows);
}

/** The medians of everything in one table, for README.md. */
export function summary(results) {
  const figures = FIGURES.filter(({ figure }) => results[figure] !== undefined);
  const names = [...new Set(figures.flatMap(({ figure }) => Object.keys(results[figure])))].sort();
  const cell = ({ figure, digits }, name) => {
    const values = results[figure][name] ?? [];
    return Number.isNaN(median(values))
      ? "–"
      : median(values).toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  };
  return render(
    ["", ...figures.map(({ figure, unit }) => `${figure}, ${unit}`)],
    names.map((name) => [name, ...figures.map((about) => cell(about, name))]),
  );
}

/** A Markdown table, aligned so that it also reads as text. */
export function render(head, rows) {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
