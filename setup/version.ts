/** The version of the package, of this command, and of the function that it installs. */
export const VERSION = "0.1.0";
