import assert from "node:assert/strict";
import type { ClientStage } from "../support/client_stage.ts";

/** Asserts that a client that has just connected reads its stream, and resumes when it is cut. */
export async function assertResumes(stage: ClientStage): Promise<void> {
  for (const eventType of ["reset", "file-update", "ready"]) await stage.arrives({ eventType });
  await stage.insert("second.txt");
  await stage.arrives({ eventType: "file-update" });
  stage.relay.cut();
  await stage.arrives({ eventType: "ready" });
  assert.match(stage.requests.at(-1)!.headers.get("last-event-id") ?? "", /\./);
  assert.equal(stage.received.filter(({ eventType }) => eventType === "reset").length, 1);
}
