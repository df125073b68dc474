import { fileEvents } from "file-events";

/** The names of the user's files, once they are all there. Needs nothing but Web APIs. */
export async function listFiles(url: string, token: string): Promise<string> {
  using files = fileEvents({ url, key: "publishable", getToken: () => token });
  return await new Promise((resolve, reject) => {
    files.connection.subscribe(({ state, reason }) => {
      if (state === "live") resolve(files.value.map(({ filename }) => filename).join(", "));
      else if (state !== "loading") reject(new Error(`${state}: ${reason}`));
    });
    files.subscribe(() => {});
  });
}
