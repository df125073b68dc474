/// <reference lib="dom" />
import assert from "node:assert/strict";
import { demoPageTests } from "./demo_page_tests.ts";

const { stack, test: browserTest } = demoPageTests();

/** A table whose owner has fewer rules and other words. */
const OTHER_TABLE = `
  alter table public.files
    alter column filename drop not null, alter column file_type drop not null,
    alter column status drop not null, alter column progress drop not null,
    drop constraint files_filename_not_empty, drop constraint files_status_known,
    drop constraint files_progress_percent, drop constraint files_processing_stage_known`;

const ODD = "\u202egnp.exe\u001b[2J\u2028.txt";

browserTest(
  "shows rows of which little is known, and words that it doesn't know",
  async (openTab) => {
    await stack().database.execute(OTHER_TABLE);
    const { page, signIn, files, events } = await openTab();
    await signIn("ada");
    await stack().database.execute(`
    insert into public.files
      (user_id, filename, file_type, status, progress, processing_stage, error_message)
    select users.id, rows.* from auth.users, (values
      (null, null, null, null::int, null, null),
      ('a.pdf', 'application/pdf', 'running', null, 'ocr', null),
      ('b.pdf', 'application/pdf', 'queued', 140, null, null),
      ('c.pdf', null, 'ready', null, null, null),
      ('${ODD}', '${ODD}', 'failed', 30, '${ODD}', E'one\\n${ODD}')
    ) as rows where email = 'ada@example.com'`);
    await page.waitForFunction(() => document.querySelectorAll(".file").length === 5);

    const seen = "\\u202egnp.exe\\u001b[2J\\u2028.txt";
    const states = await page.$$eval(".file", (rows) =>
      Object.fromEntries(rows.map((row) => {
        const text = (selector: string) => {
          const part = row.querySelector<HTMLElement>(selector)!;
          return part.checkVisibility() ? part.innerText : "";
        };
        const bar = row.querySelector('[role="progressbar"]')!;
        const label = bar.getAttribute("aria-valuetext");
        return [text(".file-name"), [text(".file-status"), label, text(".stages"), text(".error")]];
      })));
    assert.deepEqual(states, {
      "Unnamed file": ["no status", "no status", "", ""],
      "a.pdf": ["running", "ocr", "ocr", ""],
      "b.pdf": ["queued, 100 %", "100 %, queued", "", ""],
      "c.pdf": ["ready", "100 %, ready", "", ""],
      [seen]: ["failed", `30 %, failed in ${seen}`, seen, `one\n${seen}`],
    });

    const whole = await page.$eval("body", (body) => body.textContent ?? "");
    for (const acting of ["\u202e", "\u001b", "\u2028"]) assert.ok(!whole.includes(acting));
    assert.ok(
      (await events()).some(({ file }) => file?.filename === ODD),
      "the JSON means the same",
    );
    for (const { name } of await files()) {
      await page.click(`aria/Delete ${name}`);
    }
    await page.waitForFunction(() => document.querySelectorAll(".file").length === 0);
  },
);
