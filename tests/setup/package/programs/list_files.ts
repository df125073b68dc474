import { fileEvents } from "file-events";

/** The names of the user's files, once the first one is ready. Needs nothing but Web APIs. */
export async function listFiles(url: string, token: string): Promise<string> {
  using files = fileEvents({ url, key: "publishable", getToken: () => token });
  await files.done("1");
  const isLive = new Promise<void>((resolve, reject) => {
    files.connection.subscribe(({ state, reason }) => {
      if (state === "live") resolve();
      else if (state !== "loading") reject(new Error(`${state}: ${reason}`));
    });
  });
  await isLive;
  return files.value.map(({ filename }) => filename).join(", ");
}
