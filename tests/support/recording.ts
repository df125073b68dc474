/** One line of recorded_frames.jsonl. */
interface Line {
  scenario: string;
  socket?: number;
  t_ms: number;
  dir: "OUT" | "IN";
  text?: string;
  binary_base64?: string;
}

/** One frame of a real server or of a client to it. */
export interface RecordedFrame {
  /** From 1. */
  socket: number;
  dir: "OUT" | "IN";
  content: string | ArrayBuffer;
}

const lines: Line[] = (await Deno.readTextFile(new URL("./recorded_frames.jsonl", import.meta.url)))
  .trimEnd().split("\n").map((line) => JSON.parse(line));

/** The frames of a scenario, in the order of their times; closes and refused upgrades left out. */
export function recordedFrames(scenario: string): RecordedFrame[] {
  return lines
    .filter((line) => line.scenario === scenario && !line.text?.startsWith("<"))
    .sort((a, b) => a.t_ms - b.t_ms)
    .map(({ socket = 1, dir, text, binary_base64 }) => ({
      socket,
      dir,
      content: text ?? Uint8Array.from(atob(binary_base64!), (char) => char.charCodeAt(0)).buffer,
    }));
}

/** The names of all recorded scenarios. */
export const scenarios: string[] = [...new Set(lines.map(({ scenario }) => scenario))];
