import { expect } from "vitest";
import { hmac } from "../raw/raw-plugin.js";
import { call, expectAlive, type Judging, PING, PONG } from "./subject.js";

/** Section 3: each side proves that it knows the secret, and nothing happens before. */
export function judgeProof({ judge, name, start, subject }: Judging): void {
  judge(`[S20] ${name} proves that it knows the secret, with a challenge of its own each time`, async () => {
    await using plugin = start();
    const challenges = new Set<string>();
    for (let time = 0; time < 2; time++) {
      const { challenge, answer } = await plugin.hello(await plugin.dial());
      expect(answer).toMatchObject({ jsonrpc: "2.0", id: 0, result: { protocolVersion: 1, apiVersion: subject.apiVersion } });
      expect(answer.result.challenge).toMatch(/^[0-9a-f]{64}$/);
      expect(answer.result.proof).toBe(hmac(plugin.secret, `plugin:${challenge}:${answer.result.challenge}`));
      expect(answer.result).toMatchObject({ framing: "lines", events: [], actions: [] });
      expect(answer.result.provides.map((provided: { name: string }) => provided.name)).toContain(subject.object.method.split(".")[0]);
      challenges.add(answer.result.challenge);
    }
    expect(challenges.size).toBe(2);
  });

  judge(`[O24] ${name} takes the highest apiVersion in common, and names its own where there is none`, async () => {
    await using common = start({ PLUGIN_PROTOCOL_VERSIONS: `99,${subject.apiVersion}` });
    expect((await common.announcement())[1]).toBe(String(subject.apiVersion));
    await using none = start({ PLUGIN_PROTOCOL_VERSIONS: "98,99" });
    expect((await none.announcement())[1]).toBe(String(subject.apiVersion));
    const { answer } = await none.hello(await none.dial(), { apiVersions: [98, 99] });
    expect(answer).toMatchObject({ id: 0, error: { code: -32602, data: { apiVersions: [subject.apiVersion] } } });
  });

  judge(`[F42, S20] ${name} closes on a wrong proof, also one made with its own part swapped in, and lives`, async () => {
    await using plugin = start();
    for (const forge of [
      (_: string, theirs: any) => "0".repeat(theirs.proof.length),
      (_: string, theirs: any) => theirs.proof,
      (mine: string, theirs: any) => hmac("00".repeat(32), `host:${mine}:${theirs.challenge}`),
      () => 5,
      () => undefined,
    ]) {
      const socket = await plugin.dial();
      const { challenge, answer } = await plugin.hello(socket);
      socket.send({ jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof: forge(challenge, answer.result) } });
      socket.send(call(2, subject.object));
      expect(await socket.line()).toBe(undefined);
    }
    await expectAlive(plugin);
  });

  judge(`[F58, F42] ${name} runs and answers nothing before the proof, and closes on any other first message`, async () => {
    await using plugin = start();
    const firsts = [
      call(0, subject.object),
      { ...PING, id: 0 },
      { jsonrpc: "2.0", method: "rpc.hello", params: {} },
      { jsonrpc: "2.0", id: 0, method: "rpc.ready", params: { proof: "0".repeat(64) } },
      { jsonrpc: "2.0", id: 0, method: "rpc.shutdown", params: { graceMs: 0 } },
      { jsonrpc: "2.0", id: 0, result: {} },
    ].map((message) => `${JSON.stringify(message)}\n`);
    for (const first of [...firsts, "\n", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"]) {
      const socket = await plugin.dial();
      socket.write(first);
      expect(await socket.line(), first).toBe(undefined);
    }
    const socket = await plugin.dial();
    await plugin.hello(socket);
    socket.send(call(1, subject.object));
    expect(await socket.line()).toBe(undefined);
    await expectAlive(plugin);
  });

  judge(`${name} closes who has not proven the secret in 5 s, silent or dripping, and keeps who has`, async () => {
    await using plugin = start();
    const host = await plugin.ready();
    const [silent, greeted, dripping] = await Promise.all([plugin.dial(), plugin.dial(), plugin.dial()]);
    await plugin.hello(greeted);
    const drip = setInterval(() => dripping.write(" "), 250);
    const closed = Promise.all([silent, greeted, dripping].map((socket) => socket.closed));
    await closed.finally(() => clearInterval(drip));
    host.send(PING);
    expect(await host.message()).toEqual(PONG);
  });

  judge(`[F54] ${name} closes a stranger whose line is over 64 KiB`, async () => {
    await using plugin = start();
    const socket = await plugin.dial();
    socket.write(" ".repeat(64 * 1024 + 1));
    expect(await socket.line()).toBe(undefined);
  });

  judge(`[F42] ${name} closes the oldest of 65 strangers, so that the host gets in`, async () => {
    await using plugin = start();
    const oldest = await plugin.dial();
    for (let count = 0; count < 64; count++) await plugin.dial();
    expect(await oldest.line()).toBe(undefined);
    await expectAlive(plugin);
  });
}
