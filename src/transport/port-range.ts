import type { Server } from "node:net";
import type { Address } from "../util/address.js";

/** Where a server is to listen. */
export interface BindOptions {
  readonly host: string;
  /** Ends included; both 0: any port. */
  readonly minPort: number;
  readonly maxPort: number;
  readonly backlog?: number | undefined;
}

// Another program may take the port between the search and the use of it.
const MAX_TRIES = 10;

/**
 * Binds a server to a port of the range; 0 to 0 is any port.
 * @throws {Error} If every port of the range is taken, or the system's own error.
 */
export async function bindInRange(server: Server, options: BindOptions): Promise<Address> {
  const { minPort, maxPort } = options;
  if (maxPort === 0) return bind(server, 0, options);
  let port: number = minPort + Math.floor(Math.random() * (maxPort - minPort + 1));
  for (let tries = 0; ; tries++) {
    try {
      return await bind(server, port, options);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "EADDRINUSE" && code !== "EACCES") || tries === MAX_TRIES) throw error;
      port = await findFree(options);
    }
  }
}

async function findFree({ host, minPort, maxPort }: BindOptions): Promise<number> {
  const { default: getPort } = await import("get-port");
  const length = maxPort - minPort + 1;
  const first = Math.floor(Math.random() * length);
  const ports = Array.from({ length }, (_, index) => minPort + ((first + index) % length));
  const port = await getPort({ port: ports, host });
  // get-port gives some other port, without a word, when all that it was given are taken.
  if (port >= minPort && port <= maxPort) return port;
  throw Object.assign(new Error(`Cannot listen: ${takenText(minPort, maxPort, host)}`), { code: "EADDRINUSE" });
}

function takenText(minPort: number, maxPort: number, host: string): string {
  if (minPort === maxPort) return `port ${minPort} of ${host} is taken; give another one, or 0 for any port`;
  return `every port from ${minPort} to ${maxPort} of ${host} is taken; allow a wider range, or 0 to 0 for any port`;
}

function bind(server: Server, port: number, { host, backlog }: BindOptions): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog }, () => {
      server.off("error", reject);
      const address = server.address();
      if (typeof address !== "object" || address === null) return resolve({ network: "tcp", host, port });
      // What a name meant is what was bound.
      resolve({ network: "tcp", host: address.address, port: address.port });
    });
  });
}
