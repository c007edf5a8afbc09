/** The announcement's first field; not `Handshake.apiVersion`, which is the application's. */
export const APIVersion = "1";
/** The variable that tells a plugin that it was meant to be started. The names and values are Otto's. */
export const MagicCookieKey = "OTTO_PLUGIN_MAGIC_COOKIE";
/** What that variable holds. It tells people that they ran a plugin by hand, and is no secret. */
export const MagicCookieValue = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";
