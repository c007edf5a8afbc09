import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** The plugin half of a contestant. */
export function pluginFile(name) {
  return fileURLToPath(new URL(`../contestants/plugins/${name}.mjs`, import.meta.url));
}

/** A port of loopback that nobody has now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Spawns a plugin half and resolves with its process and the address, a port or a path, that is the first thing it prints. */
export async function spawnListening(name, ...args) {
  const child = spawn(process.execPath, [pluginFile(name), ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const where = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Cannot start "${name}": it exited with code ${code} before it listened`)));
    child.stdout.once("data", (chunk) => resolve(chunk.toString().trim()));
  });
  return { child, where };
}

/** Resolves when a process is gone; insists after two seconds. */
export async function gone(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
  await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
}
