import type { AuthChangeEvent, Session, SupabaseClient } from "@supabase/supabase-js";
import { setUpBreakPanel } from "./break_panel.ts";
import { byId } from "./element.ts";
import { showNotice } from "./notices.ts";
import { type SessionView, startSessionView } from "./session_view.ts";
import { DEMO_PASSWORD, DEMO_USERS, setUpSignInForm, signInProblem } from "./sign_in_form.ts";
import { createTabClient, type Project, tabAccount } from "./tab_client.ts";

const key = document.querySelector<HTMLMetaElement>('meta[name="supabase-publishable-key"]');
const project: Project = { url: location.origin, publishableKey: key?.content ?? "" };
const clients = new Map<string, SupabaseClient>();
/** What was left behind when another user signed in here still gets its tokens: it may be at work. */
const views = new Map<string, SessionView>();
let shown: SessionView | undefined;
/** Who is being signed in: a new client begins by saying that it has no session. */
let signingIn: string | undefined;

setUpSignInForm(signIn);
byId("sign-out").addEventListener("click", () => {
  void clientOf(byId("account-email").textContent ?? "").auth.signOut({ scope: "local" });
});
byId("switch-user").addEventListener("click", async () => {
  const email = otherUser(byId("account-email").textContent);
  const error = await signIn(email, DEMO_PASSWORD);
  if (error) showNotice(signInProblem(email, error));
});

const account = tabAccount.email();
if (account) clientOf(account);
else showSession(undefined, undefined);

setUpBreakPanel("/_local/realtime").catch(() => {
  // No embedded Supabase behind this page: the panel stays hidden.
});

/** Resolves with what went wrong, if anything did; success is told to the client's listener. */
async function signIn(email: string, password: string): Promise<unknown> {
  const client = clientOf(email);
  const before = tabAccount.email();
  tabAccount.use(email);
  signingIn = email;
  const { error } = await client.auth.signInWithPassword({ email, password })
    .finally(() => signingIn = undefined);
  if (!error) return;
  if (before) tabAccount.use(before);
  else tabAccount.leave();
  return error;
}

function clientOf(email: string): SupabaseClient {
  const known = clients.get(email);
  if (known) return known;
  const client = createTabClient(project, email);
  clients.set(email, client);
  client.auth.onAuthStateChange((event, session) => hear(client, email, event, session));
  return client;
}

function hear(
  client: SupabaseClient,
  email: string,
  event: AuthChangeEvent,
  session: Session | null,
): void {
  if (session) views.get(email)?.useToken(session.access_token);
  // Another tab may sign its user in or out, who is not the one that this tab shows.
  if (email !== tabAccount.email()) return;
  if (session) showSession(client, session);
  else if (email === signingIn) return;
  else if (event === "INITIAL_SESSION" || event === "SIGNED_OUT") showSession(client, undefined);
}

function showSession(client: SupabaseClient | undefined, session: Session | undefined): void {
  // SIGNED_IN also comes whenever the tab gets the focus back.
  if (shown && shown.userId === session?.user.id) return;
  shown?.stop({ signedOut: session === undefined });
  shown = undefined;
  const email = session?.user.email;
  showAccount(email);
  if (!client || !session || !email) return tabAccount.leave();
  tabAccount.use(email);
  shown = startSessionView(client, session, project);
  views.set(email, shown);
}

function showAccount(email: string | undefined): void {
  // Who has just used a control that now goes away continues with the first one of what comes.
  const hadFocus = document.activeElement !== document.body;
  byId("welcome").hidden = email !== undefined;
  byId("workplace").hidden = email === undefined;
  byId("account").hidden = email === undefined;
  byId("account-email").textContent = email ?? "";
  byId("switch-user").textContent = `Switch to ${nameOf(otherUser(email))}`;
  if (hadFocus && !document.activeElement?.checkVisibility()) {
    byId(email === undefined ? "sign-in-email" : "file-input").focus();
  }
}

function otherUser(email: string | null | undefined): string {
  return email === DEMO_USERS[0] ? DEMO_USERS[1] : DEMO_USERS[0];
}

function nameOf(email: string): string {
  return email.slice(0, email.indexOf("@"));
}
