/// <reference lib="dom" />
import { type FileEvents, fileEvents } from "../../client/file_events.ts";

/** What the tests use in the page. */
export interface TabsPage {
  readonly files: FileEvents;
  /** What no list may be: what was wrong with those that subscribers were told. */
  readonly oddities: readonly string[];
  /** Whose files subscribers were told, each time that it changed. Names of files say it. */
  readonly owners: readonly string[];
  /** Resolves when the list holds a file of this name. */
  shows(filename: string): Promise<void>;
  /** Resolves when the connection has this state. */
  is(state: string): Promise<void>;
  /** Somebody signs in or, without a token, out. `event`: as supabase-js reports it. */
  signIn(token: string | null, event?: string): void;
}

declare global {
  var tabsPage: TabsPage;
}

type Session = { readonly access_token: string } | null;

let session: Session = { access_token: location.hash.slice(1) };
let report = (_event: string, _session: Session) => {};
const getSession = () => Promise.resolve({ data: { session }, error: null });
const files = fileEvents({
  url: location.origin,
  key: "publishable",
  supabase: {
    auth: {
      getSession,
      refreshSession: getSession,
      onAuthStateChange(callback) {
        report = callback;
        return { data: { subscription: { unsubscribe() {} } } };
      },
    },
  },
});
const oddities: string[] = [];
const owners: string[] = [];
const waiting = new Set<() => void>();
let revisions = new Map<string, number>();

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!condition()) return;
      waiting.delete(look);
      resolve();
    };
    waiting.add(look);
    look();
  });
}

const lookAgain = () => waiting.forEach((look) => look());
files.connection.subscribe(lookAgain);
files.subscribe((list) => {
  const before = revisions;
  revisions = new Map(list.map(({ id, revision }) => [id, Number(revision)]));
  if (revisions.size < list.length) oddities.push("a file is twice in a list");
  for (const { id, filename, revision } of list) {
    const old = before.get(id) ?? 0;
    if (Number(revision) < old) oddities.push(`${filename} went back from ${old} to ${revision}`);
  }
  const now = [...new Set(list.map(({ filename }) => filename!.split("-")[0]))].join(" and ");
  if (now && now !== owners.at(-1)) owners.push(now);
  lookAgain();
});

globalThis.tabsPage = {
  files,
  oddities,
  owners,
  shows: (filename) => until(() => files.value.some((file) => file.filename === filename)),
  is: (state) => until(() => files.connection.value.state === state),
  signIn(token, event = token ? "SIGNED_IN" : "SIGNED_OUT") {
    session = token ? { access_token: token } : null;
    report(event, session);
  },
};
