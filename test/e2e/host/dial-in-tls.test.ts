import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { networkInterfaces } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { Host, type HostOptions } from "../../../src/host/index.js";
import { defineContract, implement, method } from "../../../src/index.js";
import { type ConnectOptions, connect } from "../../../src/serve/index.js";
import { Authority, lacksOpenssl, selfSigned } from "../../kit/certificates.js";
import { memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawDialler } from "../../kit/raw/raw-dialler.js";

gate();
const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
const TOKEN = "open sesame";
/** An address of this machine that other machines reach, or else another one of its loopback. */
const OUTSIDE =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal)?.address ?? "127.0.0.2";

describe.skipIf(lacksOpenssl() !== undefined)("plugins that dial in over TLS", () => {
  let authority: Authority;
  let own: { cert: string; key: string };
  let client: { cert: string; key: string };
  beforeAll(() => {
    authority = new Authority("authority");
    own = authority.sign(`DNS:localhost,IP:${OUTSIDE}`);
    client = authority.sign("DNS:plugin");
  });

  const listening = async (tls: object, options: Partial<HostOptions> = {}) => {
    const host = new Host({
      listen: { host: OUTSIDE, port: 0, tls: { ...own, ...tls } },
      plugins: [{ id: "weather", mode: "external", token: TOKEN }],
      ...options,
    });
    return { host, url: (await host.ready()).url as string };
  };
  const plugin = (url: string, options: Partial<ConnectOptions> = {}) =>
    connect({
      url,
      id: "weather",
      token: TOKEN,
      tls: { ca: authority.cert },
      provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })],
      redial: { initialMs: 10, maxAttempts: 2 },
      logger: memoryLogger(),
      ...options,
    });

  test("[S7, F88, F89] on an address that other machines reach: wss, by the host's certificate; another authority, another name and plain ws are refused", async () => {
    const { host, url } = await listening({});
    expect(url).toBe(`wss://${OUTSIDE}:${new URL(url).port}`);
    const connection = await plugin(url);
    const { greet } = await host.getSession("weather").dispense(greeter);
    expect(await greet({ name: "world" })).toBe("Hello, world!");
    await connection.close();
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const foreign = await rejection(plugin(url, { tls: { ca: new Authority("other").cert } }));
    const unknown = await rejection(plugin(url, { tls: {} }));
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    const named = await rejection(plugin(url, { tls: { ca: authority.cert, servername: "example.org" } }));
    expect([foreign["code"], unknown["code"], named["code"]]).toEqual(["BAD_HANDSHAKE", "BAD_HANDSHAKE", "BAD_HANDSHAKE"]);
    expect(foreign.message).toContain("its certificate was signed by an authority that is not in ca");
    expect(named.message).toContain("its certificate is for another name than example.org");
    // Plain to TLS, and TLS to plain: neither falls back.
    const plain = await rejection(plugin(url.replace("wss:", "ws:"), { tls: undefined, allowInsecureToken: true, redial: false }));
    expect(plain.message).toMatch(/^Cannot connect plugin "weather" to ws:/);
    await host.close();
    const open = new Host({ listen: { port: 0 }, plugins: [{ id: "weather", mode: "external", token: TOKEN }] });
    const secure = ((await open.ready()).url as string).replace("ws:", "wss:");
    const wrong = await rejection(plugin(secure));
    expect([wrong["code"], wrong.message]).toEqual(["BAD_HANDSHAKE", expect.stringContaining("it does not speak TLS there")]);
    await open.close();
  });

  test("[F90] with ca a plugin must show a certificate of that authority, beside its token", async () => {
    const { host, url } = await listening({ ca: authority.cert });
    const without = await rejection(plugin(url, { redial: false }));
    expect(without.message).toMatch(/^Cannot connect plugin "weather" to wss:/);
    const foreign = selfSigned("plugin");
    await rejection(plugin(url, { tls: { ca: authority.cert, ...foreign }, redial: false }));
    expect(host.getSession("weather").reportedState).toBe("connecting");
    const connection = await plugin(url, { tls: { ca: authority.cert, ...client } });
    expect((await rejection(plugin(url, { token: "wrong", tls: { ca: authority.cert, ...client } })))["code"]).toBe("UNAUTHORIZED");
    await connection.close();
    await host.close();
  });

  test("[S43] handleUpgrade() on an application's own server with TLS, under a path of its choice; closed it answers 503", async () => {
    const host = new Host({ listen: false, plugins: [{ id: "weather", mode: "external", token: TOKEN }] });
    await host.ready();
    const server = createServer(own, (_request, response) => void response.end("the application"));
    server.on("upgrade", (request, socket, head) => {
      if (request.url === "/plugins") host.handleUpgrade(request, socket, head);
      else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    });
    server.listen(0, OUTSIDE);
    await once(server, "listening");
    const base = `wss://${OUTSIDE}:${(server.address() as AddressInfo).port}`;
    const elsewhere = await rejection(plugin(`${base}/other`));
    expect(elsewhere.message).toContain("it refused the WebSocket with 404 Not Found");
    const connection = await plugin(`${base}/plugins`);
    const { greet } = await host.getSession("weather").dispense(greeter);
    expect(await greet({ name: "world" })).toBe("Hello, world!");
    await host.close();
    expect(await connection.closed).toMatchObject({ code: 1001 });
    await connection.close();
    const late = await rejection(plugin(`${base}/plugins`, { redial: false }));
    expect(late.message).toContain("503 Service Unavailable");
    server.close();
    await once(server, "close");
  });

  test("[F79, F91] what says nothing is closed after 5 s in all, below TLS and above; others get in meanwhile", async () => {
    const { host, url } = await listening({});
    const silent = connectSocket(Number(new URL(url).port), OUTSIDE);
    silent.resume();
    const secured = await RawDialler.open(url, { ca: authority.cert });
    const registered = await RawDialler.open(url, { ca: authority.cert });
    const connection = await plugin(url);
    await Promise.all([once(silent, "close"), secured.closed, registered.closed]);
    expect((await secured.closed)[0]).toBe(1008);
    await connection.close();
    await host.close();
  });
});
