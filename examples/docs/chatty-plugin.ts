import { defineContract, implement, method, serve } from "mortise/plugin";

const chatty = defineContract("chatty", { say: method<void, void>() });
const say = (): void => {
  console.log("this is stdout");
  console.error("this is stderr");
};
await serve({ provides: [implement(chatty, { say })] });
