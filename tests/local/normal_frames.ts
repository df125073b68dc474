import { OTHER_USER_ID, USER_ID } from "../support/access_tokens.ts";

/**
 * Frames without what differs from run to run: ids (numbered by their first appearance), times,
 * transaction ids. Binary broadcasts become readable.
 */
export function normalFrames(frames: (string | ArrayBuffer)[]): unknown[] {
  const seen = new Map<unknown, string>();
  const name = (value: unknown, kind: string) => {
    if (!seen.has(value)) seen.set(value, `<${kind} ${seen.size + 1}>`);
    return seen.get(value);
  };
  const normal = (value: unknown, key = ""): unknown => {
    if (Array.isArray(value)) {
      return value.map((item) => key === "ids" ? name(item, "id") : normal(item));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, normal(v, k)]));
    }
    if (key === "id" && typeof value === "number") return name(value, "id");
    if (key === "changed_in") return "<transaction>";
    if (typeof value !== "string") return value;
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return "<time>";
    const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(value);
    return isUuid && ![USER_ID, OTHER_USER_ID].includes(value) ? name(value, "uuid") : value;
  };
  return frames.map((frame) => normal(readable(frame)));
}

function readable(frame: string | ArrayBuffer): unknown {
  if (typeof frame === "string") return JSON.parse(frame);
  const [kind, topicLength, eventLength, metaLength, encoding] = new Uint8Array(frame);
  let offset = 5;
  const read = (length?: number) =>
    new TextDecoder().decode(frame.slice(offset, length && (offset += length)));
  const [topic, event, meta] = [topicLength, eventLength, metaLength].map(read);
  return { kind, encoding, topic, event, meta: JSON.parse(meta!), payload: JSON.parse(read()) };
}
