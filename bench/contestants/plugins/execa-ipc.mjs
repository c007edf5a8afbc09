import { getEachMessage, sendMessage } from "execa";

let notes = 0;
const handlers = {
  greet: ({ name }) => `Hello, ${name}!`,
  echo: ({ text }) => text,
  note: () => void notes++,
  flood: ({ count }) => {
    for (let index = 0; index < count; index++) void sendMessage({ method: "note", params: { name: "host" } });
    return notes;
  },
};
for await (const { id, method, params } of getEachMessage()) {
  const result = handlers[method](params);
  if (id !== undefined) void sendMessage({ id, result });
}
