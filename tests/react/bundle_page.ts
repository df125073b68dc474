import { bundleScript } from "../support/bundle_script.ts";

/**
 * The script of the page with that version of React, in React's development build: only this one mounts
 * each component twice in StrictMode, and warns.
 */
export function bundlePage(reactVersion: string): Promise<Uint8Array<ArrayBuffer>> {
  return bundleScript(new URL("page.ts", import.meta.url), {
    "react": `npm:react@${reactVersion}`,
    "react-dom": `npm:react-dom@${reactVersion}`,
  });
}
