import { afterEach } from "vitest";

const { platform } = process;

/** Has each test of a file take this system for another: what the code asks the system's name for, and not the system itself. */
export function onPlatform(name: NodeJS.Platform): { begin(): void } {
  afterEach(() => {
    Object.defineProperty(process, "platform", { value: platform });
  });
  return { begin: () => void Object.defineProperty(process, "platform", { value: name }) };
}
