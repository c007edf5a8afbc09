import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { type Logger, NewClient } from "mortise";

const lines: string[] = [];
const log = (message: string, { stream }: { stream?: string } = {}) => {
  if (stream !== undefined) lines.push(`${stream}: ${message}`);
};
const logger: Logger = { debug() {}, info: log, warn: console.warn, error: console.error };
const stdout = new PassThrough();
const stderr = new PassThrough();

const command = new URL("./chatty-plugin.js", import.meta.url);
const client = NewClient({ command, logger, stderr, syncStdout: stdout });
const connection = await client.client();
await connection.call("chatty.say");
await client.kill();

stdout.end();
stderr.end();
console.log(lines.sort().join("\n"));
console.log("syncStdout:", JSON.stringify(await text(stdout)));
console.log("stderr:", JSON.stringify(await text(stderr)));
