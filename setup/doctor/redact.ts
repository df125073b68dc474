/** Replaces each secret in a text, also where a URL has it escaped. */
export type Redact = (text: string) => string;

/** Shorter ones would be found in ordinary words. */
const MIN_LENGTH = 4;

/** @param secrets Read at each call, because the token is not known from the start. */
export function createRedact(secrets: () => readonly (string | undefined)[]): Redact {
  return (text) => {
    const found = secrets().flatMap((secret) => secret === undefined ? [] : forms(secret))
      .filter((secret) => secret.length >= MIN_LENGTH)
      // The longest first: a password is a part of the database's URL.
      .sort((a, b) => b.length - a.length);
    return found.reduce((text, secret) => text.replaceAll(secret, "[hidden]"), text);
  };
}

function forms(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeURIComponent(secret), inJson];
}

/** The password of a database's URL, as it is written there and as it is meant. */
export function passwordsOf(databaseUrl: string | undefined): string[] {
  if (databaseUrl === undefined || !URL.canParse(databaseUrl)) return [];
  const { password } = new URL(databaseUrl);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
