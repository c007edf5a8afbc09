import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ProgressNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { pluginFile } from "../lib/child.mjs";

/** The MCP SDK's client.callTool() over stdio; its Server without the checks of McpServer, which would cost more. */
export async function start() {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [pluginFile("mcp-sdk")],
    stderr: "inherit",
    maxBufferSize: 64 * 1024 * 1024,
  });
  const client = new Client({ name: "bench", version: "1.0.0" });
  let notes = 0;
  client.setNotificationHandler(ProgressNotificationSchema, () => void notes++);
  await client.connect(transport);
  const call = async (name, input) => (await client.callTool({ name, arguments: input })).content[0].text;
  return {
    pid: transport.pid,
    call: (input) => call("greet", input),
    echoText: (text) => call("echo", { text }),
    notify: () => client.notification({ method: "notifications/progress", params: { progressToken: 0, progress: 1 } }),
    flood: async (count) => Number(await call("flood", { count })),
    received: () => notes,
    stop: () => client.close(),
  };
}
