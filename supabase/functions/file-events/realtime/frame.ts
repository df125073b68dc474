/** A message of the Phoenix protocol, version 2.0.0. */
export interface Frame {
  /** The `ref` of the join whose channel this belongs to. A server leaves it out of broadcasts. */
  readonly joinRef: string | null;
  /** In an answer: the `ref` of what it answers. */
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

/** The kind of a binary frame that holds a broadcast. */
const USER_BROADCAST = 4;
const JSON_ENCODING = 1;
/** Before the topic: kind, length of topic, event and metadata, encoding of the payload. */
const HEADER_BYTES = 5;

const decoder = new TextDecoder();

/** Encodes a message for the server. */
export function encodeFrame({ joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

/**
 * Decodes what a WebSocket has received. A binary frame has the event `broadcast`, whatever name its
 * sender gave it, because a name such as `phx_close` must not pass for a message of the server. The
 * payload holds that name as `event`, and `payload`, as in the text form of a broadcast.
 *
 * @returns `undefined` if `data` is no frame. It never throws.
 */
export function decodeFrame(data: unknown): Frame | undefined {
  try {
    if (typeof data === "string") return decodeText(data);
    if (data instanceof ArrayBuffer) return decodeBinary(new Uint8Array(data));
  } catch {
    // Not JSON.
  }
}

function decodeText(text: string): Frame | undefined {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts)) return;
  const [joinRef, ref, topic, event, payload] = parts;
  if (typeof topic !== "string" || typeof event !== "string") return;
  return { joinRef, ref, topic, event, payload };
}

function decodeBinary(bytes: Uint8Array): Frame | undefined {
  const { 0: kind, 1: topicBytes = 0, 2: eventBytes = 0, 3: metadataBytes = 0, 4: encoding } =
    bytes;
  if (kind !== USER_BROADCAST || encoding !== JSON_ENCODING) return;
  const eventAt = HEADER_BYTES + topicBytes;
  const metadataAt = eventAt + eventBytes;
  const topic = decoder.decode(bytes.subarray(HEADER_BYTES, eventAt));
  const event = decoder.decode(bytes.subarray(eventAt, metadataAt));
  const payload: unknown = JSON.parse(decoder.decode(bytes.subarray(metadataAt + metadataBytes)));
  return { joinRef: null, ref: null, topic, event: "broadcast", payload: { event, payload } };
}
