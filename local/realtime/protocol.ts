/**
 * The wire format of Phoenix channels as Supabase Realtime speaks it. Version 1.0.0 frames are JSON
 * objects, 2.0.0 frames are JSON arrays, and broadcasts in 2.0.0 are binary.
 */
export type Version = "1.0.0" | "2.0.0";

/** What a client sends. */
export interface Message {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: Record<string, unknown>;
}

/** What the server sends: the payload is JSON text already, so that numbers keep their digits. */
export interface Push extends Omit<Message, "payload"> {
  payload: string;
}

/** A broadcast on its way to a client; `payload` and `meta` are JSON text. */
export interface Broadcast {
  topic: string;
  event: string;
  payload: string;
  meta?: string;
}

const USER_BROADCAST_PUSH = 3;
const USER_BROADCAST = 4;
const JSON_ENCODING = 1;

/** Reads a client's frame. Throws a `SyntaxError` or `TypeError` for anything else. */
export function decode(frame: string | ArrayBuffer, version: Version): Message {
  if (typeof frame !== "string") return decodeBroadcastPush(new Uint8Array(frame));
  const parsed = JSON.parse(frame);
  const [joinRef, ref, topic, event, payload] = version === "2.0.0"
    ? parsed
    : [parsed.join_ref, parsed.ref, parsed.topic, parsed.event, parsed.payload];
  if (typeof topic !== "string" || typeof event !== "string") {
    throw new TypeError("Cannot read frame: topic and event must be strings");
  }
  return { joinRef: joinRef ?? null, ref: ref ?? null, topic, event, payload: payload ?? {} };
}

export function encode({ joinRef, ref, topic, event, payload }: Push, version: Version): string {
  const head = [joinRef, ref, topic, event].map((part) => JSON.stringify(part));
  return version === "2.0.0"
    ? `[${head.join(",")},${payload}]`
    : `{"ref":${head[1]},"event":${head[3]},"topic":${head[2]},"payload":${payload}}`;
}

export function encodeBroadcast(
  { topic, event, payload, meta }: Broadcast,
  version: Version,
): string | Uint8Array<ArrayBuffer> {
  if (version === "1.0.0") {
    const inner = `{"event":${JSON.stringify(event)}${meta ? `,"meta":${meta}` : ""},` +
      `"payload":${payload},"type":"broadcast"}`;
    return encode({ joinRef: null, ref: null, topic, event: "broadcast", payload: inner }, version);
  }
  const parts = [topic, event, meta ?? ""].map((part) => new TextEncoder().encode(part));
  const header = [USER_BROADCAST, ...parts.map((part) => part.length), JSON_ENCODING];
  return concatenate([Uint8Array.from(header), ...parts, new TextEncoder().encode(payload)]);
}

function decodeBroadcastPush(bytes: Uint8Array): Message {
  const [kind, joinRef, ref, topic, event, meta, encoding] = bytes;
  if (kind !== USER_BROADCAST_PUSH || encoding !== JSON_ENCODING) {
    throw new TypeError(`Cannot read binary frame: kind ${kind}, encoding ${encoding}`);
  }
  let offset = 7;
  const read = (length: number) =>
    new TextDecoder().decode(bytes.subarray(offset, offset += length));
  const head = [joinRef!, ref!, topic!, event!, meta!].map(read);
  return {
    joinRef: head[0] || null,
    ref: head[1] || null,
    topic: head[2]!,
    event: "broadcast",
    payload: {
      type: "broadcast",
      event: head[3],
      payload: JSON.parse(read(bytes.length - offset)),
    },
  };
}

function concatenate(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
