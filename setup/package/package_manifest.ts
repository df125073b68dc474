import { VERSION } from "../version.ts";

/** The `package.json` of the npm package: the client, and the installer as a command. */
export function packageManifest(): object {
  return {
    name: "file-events",
    version: VERSION,
    description: "Live progress of a user's files from Postgres to the browser, on Supabase",
    license: "MIT",
    type: "module",
    engines: { node: ">=20" },
    bin: { "file-events": "setup/main.js" },
    exports: {
      ".": entry("file_events"),
      "./react": entry("react"),
      "./summary": entry("summary"),
      "./package.json": "./package.json",
    },
    sideEffects: false,
    files: ["client", "docs", "setup", "supabase", "LICENSES.txt"],
    dependencies: { "eventsource-parser": "3.0.8" },
    peerDependencies: { react: ">=18" },
    peerDependenciesMeta: { react: { optional: true } },
    keywords: ["supabase", "sse", "server-sent-events", "edge-functions", "progress", "react"],
  };
}

function entry(module: string): object {
  return { types: `./client/${module}.d.ts`, default: `./client/${module}.js` };
}
