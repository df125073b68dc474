import { COMMAND } from "./own_files.ts";

/** What `help` prints. */
export const HELP: readonly string[] = `\
file-events: live progress of a user's files, for a Supabase project

Call it in the project: ${COMMAND} <command>

  add        installs it, or changes what is streamed: the function, migrations, config.toml
  upgrade    brings an installation to this version
  remove     takes it out again; the table and its rows stay
  check      prints SQL for the SQL editor, which names what keeps streams empty or late
  doctor     follows a file through every link, and names the first that is broken

add, upgrade and remove show what they will write, and ask.

  --project DIR         the folder that has supabase/; the nearest one if it is left out
  --database-url URL    reads the real table, postgresql://…; writes nothing there.
                        FILE_EVENTS_DATABASE_URL does the same without showing the password
  --yes, -y             does not ask
  --dry-run             only shows

add needs to know the table: by --database-url, by questions in a terminal, or by these flags.
What they leave open is as in the default table. "none" stands for no column.

  --new-table           creates public.files, the default table, too
  --table NAME          documents, or app.documents
  --id COLUMN           unique and never null        --id-type uuid|bigint|integer|text
  --owner COLUMN        a uuid of auth.users
  --filename COLUMN     --file-type COLUMN           --status COLUMN
  --progress COLUMN     --processing-stage COLUMN    --error-message COLUMN
  --created-at COLUMN
  --extra A,B           more columns for the events, under their own names
  --final A,B           statuses after which nothing more happens
  --live auto|rows|pings
                        rows: a change carries the row; pings: it obeys every policy;
                        auto: as the policies of the table ask for
  --revision NAME       --changed-in NAME            the two columns that are added

doctor makes a row in a user's name, follows it, and deletes it.

  --url URL             https://<project>.supabase.co
  --key KEY             the publishable key
  --email EMAIL         the user; the password is asked for, or in FILE_EVENTS_DOCTOR_PASSWORD
  --token TOKEN         an access token of the user, in place of the email
  --origin ORIGIN       https://app.example.com, whose pages read the stream; may be repeated
  --database-url URL    sees deeper, and writes the row where the user may not; or
                        FILE_EVENTS_DATABASE_URL
  --canary JSON         more columns of the row: '{"project_id": 7}'
  --timeout SECONDS     for an event, 75 if it is left out
  --json                prints the result as JSON`.split("\n");
