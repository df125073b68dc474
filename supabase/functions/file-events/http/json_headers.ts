/** The headers of an answer that is one JSON text. */
export const JSON_HEADERS = {
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
};
