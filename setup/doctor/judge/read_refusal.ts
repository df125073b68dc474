import { type Answer, jsonOf } from "../answer.ts";

/** The code of a refusal by the function, which with 401 is one Server-Sent Event, else JSON. */
export function readRefusal({ text }: Pick<Answer, "text">): string | undefined {
  const data = /^data: ?(.*)$/m.exec(text)?.[1];
  const { code } = jsonOf({ text: data ?? text });
  return typeof code === "string" ? code : undefined;
}
