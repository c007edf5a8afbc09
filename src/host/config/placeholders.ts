import type { Issue } from "../../install/manifest/json-validator.js";
import { escapeStep } from "../../util/text/json-pointer.js";

/**
 * Puts variables of the environment in the place of `${NAME}` in every text of a value; `$${` stands for `${` itself.
 * @param issues Gets a fault for each variable that is not there.
 */
export function fillIn(value: unknown, env: Readonly<Record<string, string | undefined>>, issues: Issue[], pointer = ""): unknown {
  if (typeof value === "string")
    return fillText(value, env, (name) => issues.push({ pointer, message: `refers to \${${name}}, and the environment has no ${name}` }));
  if (Array.isArray(value)) return value.map((entry, index) => fillIn(entry, env, issues, `${pointer}/${index}`));
  if (typeof value !== "object" || value === null) return value;
  const filled = Object.entries(value).map(
    ([name, entry]) => [name, fillIn(entry, env, issues, `${pointer}/${escapeStep(name)}`)] as const,
  );
  // Not by assignment: a name may be that of a prototype.
  return Object.fromEntries(filled) as unknown;
}

function fillText(text: string, env: Readonly<Record<string, string | undefined>>, onMissing: (name: string) => void): string {
  return text.replace(/\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    const found = env[name];
    if (found === undefined) onMissing(name);
    return found ?? "";
  });
}
