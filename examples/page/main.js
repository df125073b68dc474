import { fileEvents } from "file-events";
import { summaryOf } from "file-events/summary";

// The local project of `deno task dev`. Write yours here.
const url = "http://127.0.0.1:54321";
const key = "sb_publishable_local";

const supabase = globalThis.supabase.createClient(url, key);
const files = fileEvents({ supabase, url, key });
const find = (selector) => document.querySelector(selector);

files.subscribe((list) => find("ul").replaceChildren(...list.map(rowOf)));

summaryOf(files).subscribe(({ total, ready, failed, active, progress }) => {
  const parts = [`${ready} of ${total} ready`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (active > 0) parts.push(`${Math.round(progress)} % in all`);
  find("#summary").textContent = total > 0 ? parts.join(", ") : "No files.";
});

files.connection.subscribe(({ state, reason }) => {
  find("#sign-in").hidden = state !== "signed-out";
  find("#signed-in").hidden = state === "signed-out";
  Object.assign(find("output"), { className: state, textContent: `${state} ${reason}` });
});

find("#sign-out").onclick = () => supabase.auth.signOut();

find("#sign-in").onsubmit = async (event) => {
  event.preventDefault();
  const credentials = Object.fromEntries(new FormData(event.target));
  const { error } = await supabase.auth.signInWithPassword(credentials);
  find("[role=alert]").textContent = error?.message ?? "";
};

/** The rows of files that have not changed are kept, because such a file is the same object. */
const rows = new WeakMap();

function rowOf(file) {
  if (!rows.has(file)) {
    const row = find("#row").content.cloneNode(true).firstElementChild;
    const [name, status, progress, error] = row.children;
    row.className = file.status;
    name.textContent = file.filename;
    status.textContent = file.processing_stage ?? file.status;
    progress.value = file.progress ?? 0;
    progress.ariaLabel = `Progress of ${file.filename}`;
    error.textContent = file.error_message;
    error.hidden = !file.error_message;
    rows.set(file, row);
  }
  return rows.get(file);
}
