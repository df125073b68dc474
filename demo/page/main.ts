import type { SupabaseClient } from "@supabase/supabase-js";
import { setUpBreakPanel } from "./break_panel.ts";
import { byId } from "./element.ts";
import { type SessionView, startSessionView } from "./session_view.ts";
import { DEMO_PASSWORD, DEMO_USERS, setUpSignInForm, signIn } from "./sign_in_form.ts";
import { type Project, tabClient } from "./tab_client.ts";

const key = document.querySelector<HTMLMetaElement>('meta[name="supabase-publishable-key"]');
const project: Project = { url: location.origin, publishableKey: key?.content ?? "" };
const client: SupabaseClient = tabClient(project);
let view: SessionView | undefined;

setUpSignInForm(client);
byId("sign-out").addEventListener("click", () => void client.auth.signOut({ scope: "local" }));
byId("switch-user").addEventListener("click", () => {
  void signIn(client, otherUser(byId("account-email").textContent), DEMO_PASSWORD);
});

client.auth.onAuthStateChange((event, session) => {
  if (event === "TOKEN_REFRESHED" && session) return view?.useToken(session.access_token);
  // SIGNED_IN also comes whenever the tab gets the focus back.
  if (view && view.userId === session?.user.id) return;
  view?.stop();
  view = session ? startSessionView(client, session, project) : undefined;
  showAccount(session?.user.email);
});

setUpBreakPanel("/_local/realtime").catch(() => {
  // No embedded Supabase behind this page: the panel stays hidden.
});

function showAccount(email: string | undefined): void {
  byId("welcome").hidden = email !== undefined;
  byId("workplace").hidden = email === undefined;
  byId("account").hidden = email === undefined;
  byId("account-email").textContent = email ?? "";
  byId("switch-user").textContent = `Switch to ${nameOf(otherUser(email))}`;
}

function otherUser(email: string | null | undefined): string {
  return email === DEMO_USERS[0] ? DEMO_USERS[1] : DEMO_USERS[0];
}

function nameOf(email: string): string {
  return email.slice(0, email.indexOf("@"));
}
