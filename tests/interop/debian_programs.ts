/** Debian's own. A Python that comes first on `PATH` would lack Debian's packages. */
export const PYTHON = "/usr/bin/python3";

/** Debian installs it where only root's `PATH` looks. */
export const NGINX = "/usr/sbin/nginx";
