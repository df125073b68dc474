import { VERSION } from "../version.ts";

/** The `package.json` of the npm package. A client will be another entry of `exports`. */
export function packageManifest(): object {
  return {
    name: "file-events",
    version: VERSION,
    description: "Live progress of a user's files from Postgres to the browser, on Supabase",
    license: "MIT",
    type: "module",
    engines: { node: ">=20" },
    bin: { "file-events": "setup/main.js" },
    exports: { "./package.json": "./package.json" },
    files: ["setup", "supabase", "LICENSES.txt"],
    keywords: ["supabase", "sse", "server-sent-events", "edge-functions", "progress"],
  };
}
