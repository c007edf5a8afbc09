import { defineContract, notification } from "mortise/contract";

/** What the host offers to the plugin. */
export const board = defineContract("board", { show: notification<string>() });
