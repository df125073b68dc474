import assert from "node:assert/strict";
import type { Script } from "../../../local/database.ts";
import { type Stack, startStack } from "../../../local/stack.ts";
import { examine } from "../../../setup/doctor/examine.ts";
import { openWebSocket } from "../../../setup/doctor/open_web_socket.ts";
import { renderEnd, renderLink } from "../../../setup/doctor/render_report.ts";
import type { LinkReport, Report } from "../../../setup/doctor/report.ts";
import type { Complaint, Effects } from "../../../setup/doctor/visit.ts";
import { WAITS, type Waits } from "../../../setup/doctor/waits.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../../../setup/mapping/table_mapping.ts";
import { type FaultyUpstream, startFaultyUpstream } from "../../support/faulty_upstream.ts";
import { check, createAdmin } from "../../support/test_user.ts";

export const ORIGIN = "https://app.example.com";
export const DATABASE_URL =
  "postgres://postgres:pass%40word-of-the-database@db.invalid:5432/postgres";
const email = "patient@example.com";
/** No word of the doctor's own: what it prints is searched for it. */
export const password = "hunter2-and-more";

/** A catch-up comes after 2 to 4 s, so that what comes within `liveMs` is live. */
const CATCH_UP_MS = 3_000;

const waits: Waits = {
  ...WAITS,
  firstByteMs: 2_000,
  readyMs: 20_000,
  liveMs: 1_800,
  eventMs: 10_000,
  joinMs: 3_000,
  messageMs: 500,
};

/** A stack with a proxy in front, and a doctor who examines it. */
export interface ConsultingRoom extends AsyncDisposable {
  readonly stack: Stack;
  /** What the doctor talks to. */
  readonly proxy: FaultyUpstream;
  /** All that the doctor has printed. */
  readonly printed: string[];
  /** All tokens that the doctor has sent. */
  readonly tokens: ReadonlySet<string>;
  examine(options?: ExamineOptions): Promise<Report>;
  /** Examines, and expects this link to be the first broken one, for this reason. */
  assertBroken(link: string, code: string, options?: ExamineOptions): Promise<LinkReport>;
  /** The rows in the streamed table. */
  rows(): Promise<unknown[]>;
}

export interface ExamineOptions {
  readonly complaint?: Partial<Complaint>;
  readonly effects?: Partial<Effects>;
  readonly waits?: Partial<Waits>;
  readonly signal?: AbortSignal;
  readonly onLink?: (report: LinkReport) => void;
}

export interface ConsultingRoomOptions {
  /** SQL to run in place of the project's own. */
  readonly scripts?: Script[];
  /** The table that the scripts stream; the default one if it is left out. */
  readonly mapping?: TableMapping;
}

export async function openConsultingRoom(
  { scripts, mapping = DEFAULT_MAPPING }: ConsultingRoomOptions = {},
): Promise<ConsultingRoom> {
  const stack = await startStack({
    ...(scripts && { scripts }),
    functionEnv: {
      FILE_EVENTS_CATCH_UP_MS: String(CATCH_UP_MS),
      FILE_EVENTS_ALLOWED_ORIGINS: ORIGIN,
    },
    realtime: { refusedJoinMs: 100, refusedKeyMs: 100 },
  });
  check(await createAdmin(stack).auth.admin.createUser({ email, password, email_confirm: true }));
  const proxy = startFaultyUpstream();
  proxy.target = stack.url;
  const printed: string[] = [];
  const tokens = new Set<string>();

  const spyingFetch: typeof fetch = (input, init) => {
    const sent = new Headers(init?.headers).get("authorization");
    if (sent) tokens.add(sent.replace("Bearer ", ""));
    return fetch(input, init);
  };
  const database = {
    query: (sql: string, parameters?: unknown[]) => stack.database.query(sql, parameters) as never,
    close: () => Promise.resolve(),
  };

  async function examineHere(options: ExamineOptions = {}): Promise<Report> {
    const report = await examine({
      url: proxy.url,
      key: stack.publishableKey,
      user: { email, password },
      origins: [ORIGIN],
      mapping,
      canary: {},
      ...options.complaint,
    }, {
      effects: {
        fetch: spyingFetch,
        openWebSocket,
        connectDatabase: () => Promise.resolve(database),
        ...options.effects,
      },
      waits: { ...waits, ...options.waits },
      signal: options.signal ?? new AbortController().signal,
      onLink(report) {
        printed.push(...renderLink(report));
        options.onLink?.(report);
      },
      onProgress: (line) => printed.push(line),
    });
    printed.push(...renderEnd(report), JSON.stringify(report));
    return report;
  }

  const rows = () => stack.database.query("select id from public.files");
  return {
    stack,
    proxy,
    printed,
    tokens,
    examine: examineHere,
    async assertBroken(link, code, options) {
      const report = await examineHere(options);
      const found = report.links.find(({ status }) => status === "broken");
      assert.deepEqual([found?.link, found?.code], [link, code], JSON.stringify(found));
      const position = report.links.indexOf(found!);
      for (const { status } of report.links.slice(position + 1)) {
        assert.equal(status, "not-checked");
      }
      assert.deepEqual([report.healthy, report.broken], [false, link]);
      assert.deepEqual(await rows(), []);
      return found!;
    },
    rows,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await stack.stop();
    },
  };
}
