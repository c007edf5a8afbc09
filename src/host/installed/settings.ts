import { ValidationError } from "../../errors.js";
import { compileSchema, type Issue, type Validator } from "../../install/manifest/json-validator.js";
import type { Manifest } from "../../install/manifest/manifest.js";
import { maskSecrets, secretsOf, secretTexts, unmaskSecrets } from "../../install/manifest/secrets.js";
import { namesOf } from "../../util/text/json-pointer.js";

interface Known {
  readonly validator: Promise<Validator> | undefined;
  readonly secrets: ReadonlySet<string>;
}
const NO_SECRETS: ReadonlySet<string> = new Set();

/** What the schemas of installed plugins say of their settings, each looked at once. */
export class SettingsSchemas {
  readonly #known = new WeakMap<Manifest, Known>();

  /**
   * Looks whether settings fit a plugin's schema.
   * @throws {ValidationError} `INVALID_INPUT` with each fault and its path.
   */
  async check(manifest: Manifest, settings: unknown, attempt: string): Promise<void> {
    if (typeof settings !== "object" || settings === null || Array.isArray(settings))
      throw new ValidationError("INVALID_INPUT", `${attempt}: its settings must be an object`, [{ message: "must be an object" }]);
    const { validator } = this.#of(manifest);
    if (validator === undefined) return;
    const issues = faults(await validator, settings);
    if (issues.length === 0) return;
    const lines = issues.map(({ pointer, message }) => `\n  ${pointer === "" ? "the settings" : pointer} ${message}`);
    const sentence = `${attempt}: its settings do not fit the schema of its manifest${lines.join("")}`;
    throw new ValidationError(
      "INVALID_INPUT",
      sentence,
      issues.map(({ pointer, message }) => ({ message, path: namesOf(pointer) })),
    );
  }

  mask(manifest: Manifest, settings: unknown): unknown {
    return maskSecrets(settings, this.#of(manifest).secrets);
  }

  unmask(manifest: Manifest, settings: unknown, old: unknown): unknown {
    return unmaskSecrets(settings, this.#of(manifest).secrets, old);
  }

  textsOf(manifest: Manifest, settings: unknown): readonly string[] {
    return secretTexts(settings, this.#of(manifest).secrets);
  }

  #of(manifest: Manifest): Known {
    const known = this.#known.get(manifest) ?? lookAt(manifest);
    this.#known.set(manifest, known);
    return known;
  }
}

function lookAt({ settings }: Manifest): Known {
  if (settings === undefined) return { validator: undefined, secrets: NO_SECRETS };
  const secrets = secretsOf(settings);
  let compiled: Promise<Validator> | undefined;
  return {
    secrets,
    // When it is first needed: ajv is loaded for it.
    get validator() {
      compiled ??= compileSchema(settings);
      return compiled;
    },
  };
}

/** The value of a secret is in no sentence. */
function faults(validate: Validator, settings: unknown): readonly Issue[] {
  try {
    return validate(settings).map(({ pointer, message }) => ({ pointer, message: message.replace(/^is .*, and it (must be )/s, "$1") }));
  } catch (error) {
    return [{ pointer: "", message: `could not be looked at: ${(error as Error).message}` }];
  }
}
