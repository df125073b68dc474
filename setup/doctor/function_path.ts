/** Where a project has the function. */
export const FUNCTION_PATH = "/functions/v1/file-events";
