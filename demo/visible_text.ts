/**
 * Makes the characters of a text visible that would act instead of being read: control characters
 * and line breaks, which write on a terminal, and bidi controls, which let a name read as another.
 * Each becomes an escape such as `\u202e`, which in JSON still means the same character.
 */
export function visibleText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
