import { type AskProject, createAskProject } from "./ask_project.ts";
import { FAULTS } from "./faults.ts";
import { type Finding, isNote, linkOf } from "./finding.ts";
import type { Link, LinkName } from "./link.ts";
import { databaseLink } from "./links/database.ts";
import { deleteLink } from "./links/delete.ts";
import { firstByteLink } from "./links/first_byte.ts";
import { functionLink } from "./links/function.ts";
import { gatewayLink } from "./links/gateway.ts";
import { insertLink } from "./links/insert.ts";
import { liveLink } from "./links/live.ts";
import { originsLink } from "./links/origins.ts";
import { projectLink } from "./links/project.ts";
import { signInLink } from "./links/sign_in.ts";
import { snapshotLink } from "./links/snapshot.ts";
import { tokenLink } from "./links/token.ts";
import { updateLink } from "./links/update.ts";
import { createRedact, passwordsOf, type Redact } from "./redact.ts";
import type { LinkReport, Report } from "./report.ts";
import { broken, type Verdict } from "./verdict.ts";
import type { Complaint, Effects, Visit } from "./visit.ts";
import type { Waits } from "./waits.ts";

const LINKS: readonly Link[] = [
  databaseLink,
  projectLink,
  signInLink,
  functionLink,
  gatewayLink,
  tokenLink,
  originsLink,
  firstByteLink,
  snapshotLink,
  insertLink,
  liveLink,
  updateLink,
  deleteLink,
];

/** A gateway's answer can be a whole page. */
const MAX_DETAIL_LENGTH = 300;

export interface ExamineOptions {
  readonly effects: Effects;
  readonly waits: Waits;
  /** Ends the examination. The canary is deleted all the same. */
  readonly signal: AbortSignal;
  /** Called with each link, in order, when all is known about it. */
  readonly onLink: (report: LinkReport) => void;
  /** Called with what is being waited for. */
  readonly onProgress: (line: string) => void;
}

/** Examines the links in order until one is broken, and deletes the canary. It never rejects. */
export async function examine(complaint: Complaint, options: ExamineOptions): Promise<Report> {
  const { effects, waits, signal, onLink } = options;
  /** Ends the stream when the examination does. */
  const ending = new AbortController();
  const askWithKey = createAskWithKey(complaint, effects, waits);
  const visit: Visit = {
    complaint,
    effects,
    waits,
    signal: AbortSignal.any([signal, ending.signal]),
    onProgress: (line) => options.onProgress(redact(line)),
    ask: (path, options) => askWithKey(path, { signal: visit.signal, ...options }),
    askToWrite: askWithKey,
    findings: [],
    changedIn: new Set(),
  };
  const hideSecrets = createRedact(() => secretsOf(visit));
  const redact: Redact = (text) => inOneLine(hideSecrets(text));
  const links: LinkReport[] = [];
  for (const link of LINKS) {
    const isOver = signal.aborted || links.some(({ status }) => status === "broken");
    const report = await examineLink(link, visit, { isOver, redact });
    links.push(report);
    onLink(report);
  }
  ending.abort();
  await visit.canary?.release().catch(() => {});
  await visit.database?.close().catch(() => {});
  const firstBroken = links.find(({ status }) => status === "broken");
  const left = visit.canary?.isLeft ?? false;
  return {
    healthy: !firstBroken && !signal.aborted && !left,
    broken: firstBroken?.link ?? null,
    links,
    canary: { id: visit.canary?.id ?? null, left },
    interrupted: signal.aborted,
  };
}

async function examineLink(
  link: Link,
  visit: Visit,
  { isOver, redact }: { isOver: boolean; redact: Redact },
): Promise<LinkReport> {
  const verdict = isOver ? undefined : await judge(link, visit);
  // Read after the check, because the first link reads them.
  const findings = visit.findings.filter((finding) => linkOf(finding) === link.name);
  return describe(link, verdict, { findings, redact });
}

/** A finding that breaks the link takes the place of its check, because it says more. */
async function judge(link: Link, visit: Visit): Promise<Verdict | Finding | undefined> {
  const finding = visit.findings.find((it) => linkOf(it) === link.name && !isNote(it));
  if (finding) return finding;
  try {
    return await link.check(visit);
  } catch (error) {
    if (visit.signal.aborted) return undefined;
    return broken("doctor-failed", String(error));
  }
}

function describe(
  { name, title }: Link,
  verdict: Verdict | Finding | undefined,
  { findings, redact }: { findings: readonly Finding[]; redact: Redact },
): LinkReport {
  const report = { link: name as LinkName, title, findings: findings.map(redacted(redact)) };
  const nothing = { code: null, problem: null, cure: null, detail: null };
  if (!verdict) return { ...report, status: "not-checked", ...nothing };
  if (!("status" in verdict)) {
    const { code, problem, cure } = redacted(redact)(verdict);
    return { ...report, status: "broken", code, problem, cure, detail: null };
  }
  // Cut only after it was redacted: a part of a secret would not be recognized.
  const detail = verdict.detail === undefined
    ? null
    : redact(verdict.detail).slice(0, MAX_DETAIL_LENGTH);
  if (verdict.status !== "broken") return { ...report, ...nothing, status: verdict.status, detail };
  const { problem, cure } = FAULTS[verdict.code];
  return { ...report, status: "broken", code: verdict.code, problem, cure, detail };
}

function redacted(redact: Redact): (finding: Finding) => Finding {
  return ({ code, problem, cure }) => ({ code, problem: redact(problem), cure: redact(cure) });
}

/** Answers are quoted, and could hold sequences that a terminal obeys. */
function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ");
}

function createAskWithKey(
  { url, key }: Complaint,
  { fetch }: Effects,
  { requestMs }: Waits,
): AskProject {
  const ask = createAskProject({ url, fetch, timeoutMs: requestMs });
  return (path, options = {}) => {
    if (options.isAnonymous) return ask(path, options);
    return ask(path, { ...options, headers: { apikey: key, ...options.headers } });
  };
}

function secretsOf({ complaint, signedIn }: Visit): (string | undefined)[] {
  const { key, user, databaseUrl } = complaint;
  return [
    key,
    "token" in user ? user.token : user.password,
    signedIn?.token,
    databaseUrl,
    ...passwordsOf(databaseUrl),
  ];
}
