import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ProgressNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

const server = new Server({ name: "bench", version: "1.0.0" }, { capabilities: { tools: {} } });
let notes = 0;
const tools = {
  greet: ({ name }) => `Hello, ${name}!`,
  echo: ({ text }) => text,
  flood: ({ count }) => {
    for (let index = 0; index < count; index++) {
      void server.notification({ method: "notifications/progress", params: { progressToken: 0, progress: index } });
    }
    return String(notes);
  },
};
server.setNotificationHandler(ProgressNotificationSchema, () => void notes++);
server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
  content: [{ type: "text", text: tools[params.name](params.arguments) }],
}));
await server.connect(new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: 64 * 1024 * 1024 }));
process.stdin.on("end", () => process.exit());
