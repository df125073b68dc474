import process from "node:process";
import { askHidden } from "../doctor/ask_hidden.ts";
import { connectDatabase } from "../doctor/database.ts";
import { examine } from "../doctor/examine.ts";
import { findMapping } from "../doctor/find_mapping.ts";
import { openWebSocket } from "../doctor/open_web_socket.ts";
import { type DoctorArguments, parseArguments } from "../doctor/parse_arguments.ts";
import { renderEnd, renderLink } from "../doctor/render_report.ts";
import { UsageError } from "../doctor/usage_error.ts";
import type { Complaint } from "../doctor/visit.ts";
import { WAITS } from "../doctor/waits.ts";
import type { Io } from "../io.ts";
import { DEFAULT_MAPPING } from "../mapping/table_mapping.ts";
import { COMMAND } from "../own_files.ts";

const USAGE = `Usage: ${COMMAND} doctor --url https://<project>.supabase.co ` +
  "--key <publishable key> --email <email>";

/** Says what has gone wrong with the arguments. */
const USAGE_CODE = 2;
/** What a shell returns for a command that Ctrl-C has ended. */
const INTERRUPTED_CODE = 130;

/** Ctrl-C; the end of a job; the end of the terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Follows a row through every link. 0: healthy, 1: a link is broken, 2: wrong arguments. */
export async function doctor(args: string[], io: Io): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  try {
    const parsed = parseArguments(args, io.env);
    const complaint = await toComplaint(parsed, io);
    const { isJson, timeoutMs } = parsed;
    // Not once: a second Ctrl-C, or one that a program around this passes on, would end the process
    // before the row is deleted.
    for (const name of SIGNALS) process.on(name, onSignal);
    const report = await examine(complaint, {
      effects: { fetch, openWebSocket, connectDatabase },
      waits: { ...WAITS, ...(timeoutMs !== undefined && { eventMs: timeoutMs }) },
      signal: interrupt.signal,
      onLink: (link) => {
        if (!isJson) { for (const line of renderLink(link)) io.print(line); }
      },
      onProgress: (line) => io.printError(`  … ${line}`),
    });
    for (const line of isJson ? [JSON.stringify(report, null, 2)] : renderEnd(report)) {
      io.print(line);
    }
    if (report.interrupted) return INTERRUPTED_CODE;
    return report.healthy ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.printError(error.message);
    io.printError(USAGE);
    return USAGE_CODE;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

async function toComplaint(parsed: DoctorArguments, io: Io): Promise<Complaint> {
  const { url, key, token, origins, databaseUrl, canary } = parsed;
  const user = token === undefined ? await readCredentials(parsed, io) : { token };
  const mapping = parsed.mapping ??
    await findMapping({ cwd: io.cwd, chosen: parsed.project }) ?? DEFAULT_MAPPING;
  return { url, key, user, origins, databaseUrl, mapping, canary };
}

/** Asks for what neither a flag nor the environment says. */
async function readCredentials(parsed: DoctorArguments, io: Io) {
  const given = parsed.password ?? io.env.FILE_EVENTS_DOCTOR_PASSWORD;
  if (parsed.email !== undefined && given) return { email: parsed.email, password: given };
  if (!io.isInteractive) {
    throw new UsageError(
      "Give --email, and the password with FILE_EVENTS_DOCTOR_PASSWORD or --password; or --token.",
    );
  }
  const email = parsed.email ?? await io.ask("Email of a user of your project:");
  return { email, password: given || await askHidden(`Password of ${email}:`) };
}
