import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "../../lint/house_rules.ts";

Deno.test("deno lint runs the house rules", async () => {
  const folder = await Deno.makeTempDir({ prefix: "file-events-lint-" });
  try {
    await Deno.writeTextFile(`${folder}/utils.ts`, 'import "https://esm.sh/postgres";\n');
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["lint", "--config", "deno.json", "--json", `${folder}/utils.ts`],
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
    }).output();
    const { diagnostics } = JSON.parse(new TextDecoder().decode(stdout));
    const codes = diagnostics.map(({ code }: { code: string }) => code);
    assert.deepEqual(codes.sort(), ["house/file-name", "house/imports"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("each house rule is registered", () => {
  assert.deepEqual(
    Object.keys(plugin.rules).sort(),
    ["effects", "every-test-runs", "file-name", "imports"],
  );
});
