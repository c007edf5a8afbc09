/** This version of the package, which `engines.mortise` of a manifest is held against. */
export const MORTISE_VERSION = "0.1.0";
