import assert from "node:assert/strict";
import { readExample } from "./bundle_example.ts";

type Session = { access_token: string; user: { id: string } } | null;

/** Runs the example for the native EventSource with an Auth client whose answers the test gives, in any order. */
async function runExample() {
  const answers: ((session: Session) => Promise<void>)[] = [];
  const sources: { open: boolean }[] = [];
  let report: (event: string, session: Session) => void;
  const auth = {
    onAuthStateChange: (callback: typeof report) => void (report = callback),
    getSession: () =>
      new Promise((resolve) =>
        answers.push(async (session) => {
          resolve({ data: { session } });
          await new Promise((handled) => setTimeout(handled));
        })
      ),
  };
  class Source {
    open = true;
    constructor() {
      sources.push(this);
    }
    close() {
      this.open = false;
    }
  }
  const code = (await readExample("docs/protocol.md", "The browser's `EventSource`"))
    .replace(/^import .*$/m, "")
    .replace("https://<project>.supabase.co", "https://project.supabase.co");
  const module = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(module, `export default (createClient, EventSource) => {${code}};`);
  try {
    (await import(`file://${module}`)).default(() => ({ auth }), Source);
  } finally {
    await Deno.remove(module);
  }
  return {
    answers,
    report: (event: string, session: Session) => report(event, session),
    open: () => sources.filter(({ open }) => open).length,
  };
}

const ada = { access_token: "of ada", user: { id: "ada" } };

Deno.test("the example for the native EventSource follows a session that was reported as none", async () => {
  const { answers, report, open } = await runExample();
  report("INITIAL_SESSION", null);
  await answers[0]!(ada);
  assert.equal(open(), 1);
});

Deno.test("the example for the native EventSource has no source after sign-out, whenever an answer comes", async () => {
  const { answers, report, open } = await runExample();
  report("INITIAL_SESSION", null);
  report("SIGNED_IN", ada);
  assert.equal(open(), 1);
  report("SIGNED_OUT", null);
  assert.equal(open(), 0);
  await answers[1]!(null);
  await answers[0]!(ada);
  assert.equal(open(), 0);
});

Deno.test("the example for the native EventSource keeps its source when an answer says that there is no session", async () => {
  const { answers, report, open } = await runExample();
  report("INITIAL_SESSION", null);
  report("SIGNED_IN", ada);
  await answers[0]!(null);
  assert.equal(open(), 1);
});
