/** The users of `supabase/seed.sql`. */
export const demoUsers = [
  { email: "ada@example.com", password: "file-events" },
  { email: "grace@example.com", password: "file-events" },
];

/** An access token from the Auth server. */
export async function signIn(
  { url, publishableKey }: { url: string; publishableKey: string },
  credentials: { email: string; password: string },
): Promise<string> {
  const response = await fetch(`${url}/auth/v1/token?grant_type=password`, {
    method: "POST",
    headers: { apikey: publishableKey, "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`Cannot sign in as ${credentials.email}: ${JSON.stringify(answer)}`);
  }
  return answer.access_token;
}
