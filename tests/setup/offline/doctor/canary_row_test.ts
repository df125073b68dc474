import assert from "node:assert/strict";
import { canaryChange, canaryRow } from "../../../../setup/doctor/canary_row.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../../../../setup/mapping/table_mapping.ts";

const name = "8b6f3c1e-0000-4000-8000-000000000000";
const userId = "11111111-1111-4111-8111-111111111111";
const fields = {
  filename: null,
  file_type: null,
  status: "state",
  progress: null,
  processing_stage: null,
  error_message: null,
  created_at: null,
};
const jobs: TableMapping = {
  ...DEFAULT_MAPPING,
  ...{ table: "jobs", id: "job", idType: "bigint", owner: "created_by", fields },
};

Deno.test("canaryRow() fills what the default table needs", () => {
  assert.deepEqual(canaryRow(DEFAULT_MAPPING, { name, userId, more: {} }).row, {
    id: name,
    user_id: userId,
    filename: `file-events doctor ${name}`,
    file_type: "text/plain",
  });
});

Deno.test("canaryRow() leaves an id of a number to the database", () => {
  const { row, id, mark } = canaryRow(jobs, { name, userId, more: { project: 7 } });
  assert.deepEqual(row, { created_by: userId, project: 7 });
  assert.deepEqual([id, mark], [undefined, undefined]);
});

Deno.test("canaryRow() takes the id that the user gives", () => {
  assert.equal(canaryRow(jobs, { name, userId, more: { job: 7 } }).id, "7");
});

Deno.test("canaryChange() changes the name if there is one that is the doctor's own", () => {
  const { mark } = canaryRow(DEFAULT_MAPPING, { name, userId, more: {} });
  const filename = `file-events doctor ${name} (2)`;
  assert.deepEqual(canaryChange(DEFAULT_MAPPING, { mark, times: 2 }), { filename });
});

Deno.test("canaryChange() asks for a new revision where it knows no column to change", () => {
  assert.deepEqual(canaryChange(jobs, { mark: undefined, times: 1 }), { revision: null });
  const { mark } = canaryRow(DEFAULT_MAPPING, { name, userId, more: { filename: "a.pdf" } });
  assert.deepEqual(canaryChange(DEFAULT_MAPPING, { mark, times: 1 }), { revision: null });
});
