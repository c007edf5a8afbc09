import { parentPort } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

expose({ greet: ({ name }) => `Hello, ${name}!`, echo: ({ text }) => text }, nodeEndpoint(parentPort));
