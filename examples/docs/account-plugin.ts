import { implement, serve } from "mortise/plugin";
import { account } from "./account.js";

await serve({
  provides: [
    implement(account, {
      withdraw: ({ amount }) => {
        throw Object.assign(new Error(`The account holds less than ${amount}`), { code: "NO_FUNDS", data: { missing: 30 } });
      },
    }),
  ],
});
