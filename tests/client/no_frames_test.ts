import { webEnvironment } from "../../client/web_environment.ts";

Deno.test("a document without requestAnimationFrame, as a server may have, is told by a timer", async () => {
  Object.defineProperty(globalThis, "document", { value: { hidden: false }, configurable: true });
  try {
    const { schedule } = webEnvironment();
    await new Promise<void>((resolve) => schedule(resolve));
  } finally {
    delete (globalThis as { document?: unknown }).document;
  }
});
