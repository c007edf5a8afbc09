import { defineContract, method } from "mortise/contract";

export const builds = defineContract("builds", {
  build: method<{ pages: number; onProgress: (page: number) => void }, string>(),
});
