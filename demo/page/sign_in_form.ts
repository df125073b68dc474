import { isAuthRetryableFetchError } from "@supabase/supabase-js";
import { failureReason } from "../processing/failure_reason.ts";
import { visibleText } from "../visible_text.ts";
import { byId } from "./element.ts";

export const DEMO_USERS = ["ada@example.com", "grace@example.com"] as const;
export const DEMO_PASSWORD = "file-events";

/** Resolves with what went wrong, if anything did. */
export type SignIn = (email: string, password: string) => Promise<unknown>;

/** The form in front of the page, filled in for the first demo user, the second a click away. */
export function setUpSignInForm(signIn: SignIn): void {
  const form = byId("sign-in") as HTMLFormElement;
  const email = form.elements.namedItem("email") as HTMLInputElement;
  const password = form.elements.namedItem("password") as HTMLInputElement;
  const other = byId("sign-in-other");
  email.value = DEMO_USERS[0];
  password.value = DEMO_PASSWORD;
  other.textContent = `Sign in as ${DEMO_USERS[1]}`;

  const submit = async (email: string, password: string) => {
    const problem = byId("sign-in-error");
    problem.textContent = "";
    const error = await signIn(email, password);
    if (error) problem.textContent = signInProblem(email, error);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(email.value, password.value);
  });
  other.addEventListener("click", () => void submit(DEMO_USERS[1], DEMO_PASSWORD));
}

/** Why somebody can't sign in, in words for a person. */
export function signInProblem(email: string, error: unknown): string {
  return visibleText(`Cannot sign in as ${email}: ${authFailureReason(error)}`);
}

/** Why Auth did not do what it was asked for. */
function authFailureReason(error: unknown): string {
  if (isAuthRetryableFetchError(error)) return failureReason(error.status ?? 0, error.message);
  return error instanceof Error ? error.message : String(error);
}
