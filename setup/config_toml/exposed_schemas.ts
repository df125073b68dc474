import { parseConfig } from "./parse_config.ts";

/**
 * The schemas that the Data API exposes according to `config.toml`; none if the API is off, nothing
 * if the file doesn't say.
 *
 * @throws {SetupError} `invalid-toml`.
 */
export function exposedSchemas(source: string): string[] | undefined {
  const { api } = parseConfig(source).value as { api?: { enabled?: unknown; schemas?: unknown } };
  if (api?.enabled === false) return [];
  return Array.isArray(api?.schemas) ? api.schemas.map(String) : undefined;
}
