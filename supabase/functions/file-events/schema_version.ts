/**
 * The version of the database's schema that this function serves. Each page says which version the
 * database has. It is raised when function and migrations of different versions do not fit.
 */
export const SCHEMA_VERSION = 1;
