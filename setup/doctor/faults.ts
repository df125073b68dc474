/** What is wrong, and what to do about it. Both are for people and may change. */
export interface Fault {
  readonly problem: string;
  readonly cure: string;
}

const APPLY_TRACKING = "Apply the migration …_file_events.sql again: it can be repeated.";
const APPLY_BROADCAST =
  "Apply the migration …_file_events_broadcast.sql again: it can be repeated.";
const GIVE_DATABASE =
  "Give the doctor the database too, with --database-url: it then names the part that is missing.";
const SEE_LOG = "The function's log, in the dashboard, says why.";

/** All faults by their codes. The codes are stable. docs/troubleshooting.md lists them. */
export const FAULTS = {
  // The project
  "project-unreachable": {
    problem: "Nothing answers at the project's URL.",
    cure: "Check the URL (https://<project>.supabase.co) and this machine's network. " +
      "If both are right, the project is down: https://status.supabase.com.",
  },
  "project-paused": {
    problem: "The project is paused.",
    cure:
      "Restore it in the dashboard. Supabase pauses projects on the Free plan that nobody uses.",
  },
  "project-unavailable": {
    problem:
      "The project answers with an error of its own. This is an outage, and no fault of yours.",
    cure: "Try again later. https://status.supabase.com says more.",
  },
  "not-supabase": {
    problem: "Something answers at this URL, but it is not a Supabase project.",
    cure:
      "Take the project's URL from the dashboard, without a path: https://<project>.supabase.co.",
  },
  "key-refused": {
    problem: "The project refuses the key.",
    cure:
      "Take the publishable key of this very project from the dashboard (Settings, API keys). " +
      "A key of another project, or one that was revoked, is refused like this.",
  },

  // The user
  "database-other-project": {
    problem: "The database of --database-url does not have this user: it is another project's.",
    cure: "Copy its URL from Connect in the dashboard of the project that --url names.",
  },
  "password-refused": {
    problem: "Auth refuses the email and the password.",
    cure: "Check both. The user must be one of this project, with a password. For users without " +
      "one, pass a token with --token: your page has it in " +
      "(await supabase.auth.getSession()).data.session.access_token.",
  },
  "email-unconfirmed": {
    problem: "The user has not confirmed the email address.",
    cure: "Confirm it, or take another user.",
  },
  "password-sign-in-off": {
    problem: "The project does not let users sign in with a password here.",
    cure: "Pass a token with --token: your page has it in " +
      "(await supabase.auth.getSession()).data.session.access_token.",
  },
  "sign-in-limited": {
    problem: "Auth has had too many sign-ins from this address.",
    cure: "Wait five minutes, or pass a token with --token.",
  },
  "sign-in-refused": {
    problem: "Auth refuses the sign-in.",
    cure: "Its reason stands above. A token passed with --token needs no sign-in.",
  },
  "auth-unavailable": {
    problem: "Auth does not answer. This is an outage, and no fault of yours.",
    cure: "Try again later. https://status.supabase.com says more.",
  },
  "token-expired": {
    problem: "The access token has expired, or does so within 30 seconds.",
    cure: "Pass a fresh one with --token, or sign in with --email.",
  },
  "token-unusable": {
    problem: "The token is not the access token of a signed-in user.",
    cure: "Pass (await supabase.auth.getSession()).data.session.access_token of your page. " +
      "An API key is no such token.",
  },
  "token-refused": {
    problem: "Auth refuses the token.",
    cure: "The token is of another project, or its session has ended. Sign in again.",
  },

  // The function
  "function-not-deployed": {
    problem: "The function file-events is not deployed.",
    cure: "Run: supabase functions deploy file-events",
  },
  "function-not-starting": {
    problem: "The function is deployed, but it does not start.",
    cure: "A FILE_EVENTS_… variable may have a value that makes no sense. " + SEE_LOG,
  },
  "function-unavailable": {
    problem: "The function does not answer, or the platform answers in its place.",
    cure: "Try again. If it stays so: " + SEE_LOG,
  },
  "function-unknown": {
    problem: "What answers is not this function, or an old version of it.",
    cure:
      "Run supabase functions deploy file-events again. If a proxy stands in front, see that it passes " +
      "the request on.",
  },
  "gateway-check-on": {
    problem: "The gateway turns a request away that has no Authorization header, before the " +
      "function sees it. A browser's EventSource cannot send that header.",
    cure: "Write verify_jwt = false below [functions.file-events] in supabase/config.toml, then " +
      "deploy again. The function verifies every token itself.",
  },
  "gateway-wants-key": {
    problem: "The gateway wants the publishable key on requests to functions.",
    cure: "Add the parameter apikey=<publishable key> to the stream's URL, or let your gateway " +
      "pass requests to functions without it.",
  },
  "token-not-accepted": {
    problem: "The function does not accept a token that Auth accepts.",
    cure:
      "Its keys are not those of this project. Deploy the function to this project. On a server " +
      "of your own, see that SUPABASE_URL and SUPABASE_JWKS of the function belong to this Auth.",
  },
  "function-cannot-reach-auth": {
    problem:
      "The function cannot reach Auth to verify the token. This is an outage, and no fault of yours.",
    cure: "Try again later. On a server of your own, see that SUPABASE_URL of the function is an " +
      "address that it can reach.",
  },
  "too-many-streams": {
    problem: "This user has as many open streams as the function allows.",
    cure: "Close tabs, or take another user. FILE_EVENTS_MAX_STREAMS_PER_USER is the limit.",
  },
  "function-overloaded": {
    problem: "The function has as many open streams as it allows.",
    cure: "Try again. FILE_EVENTS_MAX_STREAMS is the limit of an isolate.",
  },
  "function-failed": {
    problem: "The function fails to open a stream.",
    cure: SEE_LOG + " If it is a bug, report it.",
  },

  // The way to the page
  "origin-not-allowed": {
    problem: "Pages of this origin may not read the stream.",
    cure:
      "Add the origin to FILE_EVENTS_ALLOWED_ORIGINS, as the browser writes it, and without a " +
      "path: supabase secrets set FILE_EVENTS_ALLOWED_ORIGINS=https://app.example.com",
  },
  "preflight-refused": {
    problem: "The preflight request of a page of this origin is not answered as it must be.",
    cure: "Something in front of the function answers OPTIONS requests. Let it pass them on.",
  },
  "buffered": {
    problem:
      "Something between the function and this machine holds the stream back: short answers " +
      "arrive at once, and events do not.",
    cure: "Turn response buffering and compression off for this path in the proxy on the way " +
      "(nginx: proxy_buffering off). docs/operations.md has more about proxies.",
  },

  // The database
  "database-refused": {
    problem: "The URL of --database-url does not let the doctor read the database.",
    cure: "Take the connection string from the dashboard (Connect), with the password in it. Or " +
      "leave --database-url out.",
  },
  "migration-missing": {
    problem:
      "The database has no function public.file_changes_since: the migrations are not applied.",
    cure: "Run supabase db push. If they are applied, let PostgREST read the schema again: run " +
      "notify pgrst, 'reload schema'; in the SQL editor.",
  },
  "schema-other-version": {
    problem: "The function and the database are of different versions.",
    cure: "Run file-events upgrade, apply the migrations (supabase db push), and deploy the " +
      "function again.",
  },
  "schema-not-exposed": {
    problem: "The Data API does not expose the schema public.",
    cure: "Expose it in the dashboard (Settings, Data API). Only the catch-up query must be there.",
  },
  "grant-missing": {
    problem: "Signed-in users lack a right that the catch-up query needs.",
    cure: APPLY_TRACKING + " " + GIVE_DATABASE,
  },
  "schema-damaged": {
    problem: "The catch-up query names something that the database no longer has.",
    cure: "A table or a column was removed or renamed after the migrations. " + APPLY_TRACKING +
      " " + GIVE_DATABASE,
  },
  "query-refused": {
    problem: "A policy on the table cannot judge this user's rows, or a column cannot be read.",
    cure: "Its reason stands above. Check the policies on the table, and the types of its columns.",
  },
  "epoch-stale": {
    problem: "Rows come from another server or another time, as after a restore.",
    cure: "Run in the SQL editor: select file_events.renew_epoch();",
  },
  "data-api-keys": {
    problem: "The Data API refuses a token that Auth accepts.",
    cure:
      "It does not have the keys that Auth signs with. After a rotation of keys wait a minute. " +
      "On a server of your own, check PGRST_JWT_SECRET.",
  },
  "data-api-unavailable": {
    problem: "The Data API or the database does not answer. This is an outage, or an overload.",
    cure: "Try again later. The dashboard's reports show what the database is busy with.",
  },
  "snapshot-missing": {
    problem: "The stream opens, but never says ready, although the database answers the query.",
    cure: "The function cannot reach the database. " + SEE_LOG,
  },

  // The row
  "canary-not-allowed": {
    problem:
      "The Data API does not let this user insert a row and read it back, so the doctor has " +
      "no row to follow. Its reason stands above.",
    cure: "If it does not find the table, name that with --table, or your project's folder with " +
      "--project. Else pass --database-url: the doctor then inserts its row there, in this user's name.",
  },
  "canary-refused": {
    problem: "The table does not accept the doctor's row.",
    cure: "Its reason stands above. Pass what the table needs with --canary, for example " +
      `--canary '{"project_id": 7}'.`,
  },
  "canary-hidden": {
    problem: "The user cannot read the row that was just inserted in the user's name.",
    cure: "No policy lets owners read their rows, or a trigger gives the row to somebody else. " +
      "Streams show what the user may select.",
  },
  "canary-left": {
    problem: "The doctor could not delete its row.",
    cure: "This user may not delete rows. Delete it yourself, and pass --database-url next time.",
  },
  "tracking-missing": {
    problem: "The row got no revision: the trigger that stamps changes is gone or disabled.",
    cure: APPLY_TRACKING + " Then run in the SQL editor: select file_events.renew_epoch();",
  },
  "query-misses-row": {
    problem:
      "The row has a revision and the user may read it, but the catch-up query leaves it out.",
    cure: "The mapping may name another column as the owner, or the migrations are of another " +
      "table. " + GIVE_DATABASE,
  },
  "event-missing": {
    problem: "The catch-up query returns the change, but the stream never sends it.",
    cure: "The stream may be another project's or another database's. " + SEE_LOG,
  },
  "tombstone-missing": {
    problem:
      "The row was deleted, and no tombstone was left: the trigger that notes deletions is " +
      "gone or disabled. No stream hears of deletions.",
    cure: APPLY_TRACKING + " Then run in the SQL editor: select file_events.renew_epoch();",
  },

  // Live changes
  "realtime-unreachable": {
    problem: "Realtime does not answer, so changes come by catch-up only, 5 to 60 s late.",
    cure:
      "Try again later, and see https://status.supabase.com. In the dashboard Realtime may be " +
      "off for this project (Settings, Realtime).",
  },
  "realtime-policy-missing": {
    problem:
      "Realtime lets the user not listen to the topic of the user's own files: a policy on " +
      "realtime.messages is missing.",
    cure: APPLY_BROADCAST,
  },
  "realtime-refused": {
    problem: "Realtime refuses to join the topic of the user's files.",
    cure: "Its reason stands above. A limit of the project passes by itself or is raised in the " +
      "dashboard.",
  },
  "broadcast-missing": {
    problem:
      "The database sends no message about the change: a trigger of the broadcast is gone, " +
      "or realtime.messages has no partition for today.",
    cure: APPLY_BROADCAST + " " + GIVE_DATABASE,
  },
  "realtime-deaf": {
    problem: "The database sends its messages, and Realtime does not deliver them.",
    cure:
      "The project is above its limit of messages, or Realtime has lost its connection to the " +
      "database. Both end by themselves within a minute or so, unless the limit is exceeded all " +
      "the time: docs/operations.md says how to stay below it.",
  },
  "function-deaf": {
    problem: "Realtime delivers the change to the doctor, and the function does not hear it.",
    cure: "Look for `realtime channel lost` in the function's log. With " +
      "FILE_EVENTS_SOURCE=postgres_changes both tables must be in Realtime's publication: " +
      "supabase/scripts/postgres_changes.sql.",
  },
  "doctor-failed": {
    problem: "The doctor itself failed.",
    cure: "This is a bug. Please report it, with what stands above.",
  },
} as const satisfies Record<string, Fault>;

export type FaultCode = keyof typeof FAULTS;
