const { defineContract, implement, method, serve } = require("mortise/plugin");

const greeter = defineContract("greeter", { greet: method() });
serve({ provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })] });
