import type { Server } from "node:net";
import type { Address } from "../util/address.js";

const HOST = "127.0.0.1";
// Another program may take the port between the search and the use of it.
const MAX_TRIES = 10;

/**
 * Binds a server to a port of the range on 127.0.0.1; 0 to 0 is any port.
 * @throws {Error} If every port of the range is taken, or the system's own error.
 */
export async function bindInRange(server: Server, { minPort, maxPort }: { minPort: number; maxPort: number }): Promise<Address> {
  if (maxPort === 0) return bind(server, 0);
  let port: number = minPort + Math.floor(Math.random() * (maxPort - minPort + 1));
  for (let tries = 0; ; tries++) {
    try {
      return await bind(server, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "EADDRINUSE" && code !== "EACCES") || tries === MAX_TRIES) throw error;
      port = await findFree(minPort, maxPort);
    }
  }
}

async function findFree(minPort: number, maxPort: number): Promise<number> {
  const { default: getPort } = await import("get-port");
  const length = maxPort - minPort + 1;
  const first = Math.floor(Math.random() * length);
  const ports = Array.from({ length }, (_, index) => minPort + ((first + index) % length));
  const port = await getPort({ port: ports, host: HOST });
  // get-port gives some other port, without a word, when all that it was given are taken.
  if (port >= minPort && port <= maxPort) return port;
  throw new Error(
    `Cannot listen: every port from ${minPort} to ${maxPort} of ${HOST} is taken; allow a wider range, or 0 to 0 for any port`,
  );
}

function bind(server: Server, port: number): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: HOST, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve({ network: "tcp", host: HOST, port: typeof address === "object" && address !== null ? address.port : port });
    });
  });
}
