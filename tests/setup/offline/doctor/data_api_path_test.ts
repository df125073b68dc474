import assert from "node:assert/strict";
import { dataApiPath } from "../../../../setup/doctor/data_api_path.ts";

Deno.test("dataApiPath() quotes names that the Data API would read otherwise", () => {
  const where = { column: "my.id", value: "a b" };
  assert.equal(
    dataApiPath({ table: "Order Items" }, { select: ["id", "a,b"] }, where),
    "/rest/v1/Order%20Items?select=id%2C%22a%2Cb%22&%22my.id%22=eq.a+b",
  );
});
