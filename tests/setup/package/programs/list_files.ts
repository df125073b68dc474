import { fileEvents } from "file-events";

/** The names of the user's files, once they are there. Needs nothing but Web APIs. */
export async function listFiles(url: string, token: string): Promise<string> {
  using files = fileEvents({ url, key: "publishable", getToken: () => token });
  let unsubscribe = () => {};
  await new Promise<void>((resolve, reject) => {
    unsubscribe = files.connection.subscribe(({ state, reason }) => {
      if (state === "live") resolve();
      else if (state !== "loading") reject(new Error(`${state}: ${reason}`));
    });
  });
  unsubscribe();
  await files.done("1");
  return files.value.map(({ filename }) => filename).join(", ");
}
