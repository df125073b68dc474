import { setTimeout } from "node:timers/promises";

/** Stands for your worker. Yours may run anywhere: it only updates the row. */
export async function work(supabase, id, content) {
  const update = (columns) => supabase.from("files").update(columns).eq("id", id);
  for (const progress of [20, 40, 60, 80]) {
    await update({ status: "processing", processing_stage: "extraction", progress });
    await setTimeout(250);
  }
  await update(
    content === ""
      ? { status: "failed", processing_stage: null, error_message: "The file is empty." }
      : { status: "ready", processing_stage: null, progress: 100 },
  );
}
