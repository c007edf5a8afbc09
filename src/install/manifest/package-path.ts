// Devices of Windows, whatever ending they have. @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;
// Controls, and what changes the direction of what a person reads.
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/;
const RESERVED = /[<>:"|?*]/;

/**
 * Why a path is none that a package may use, as the end of a sentence; undefined if it may. It has slashes, begins at the package's
 * root, and means the same file on every system.
 */
export function whyBadPath(path: string): string | undefined {
  if (path.includes("\\")) return "has a backslash, where a slash must be";
  if (UNSHOWN.test(path)) return "has a character that is not shown";
  if (path.startsWith("/")) return "begins at the root of a file system";
  if (/^[A-Za-z]:/.test(path)) return "begins at a drive";
  if (RESERVED.test(path)) return "has a character that Windows reserves";
  for (const part of path.split("/")) {
    const why = whyBadPart(part);
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyBadPart(part: string): string | undefined {
  if (part === "..") return "leads out of the package";
  if (part === "" || part === ".") return "has an empty part";
  if (/[. ]$/.test(part)) return "has a part that ends in a dot or a space, which Windows leaves out";
  if (DEVICE.test(part)) return "has the name of a device of Windows";
  if (part === "__proto__") return "has the name of a prototype";
  return undefined;
}

/** What two paths have in common if a file system takes them for the same: letters of either case, and of either composition. */
export function foldPath(path: string): string {
  return path.normalize("NFC").toLowerCase().normalize("NFC");
}
