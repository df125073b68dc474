import type { InstalledPackage } from "./installed_package.ts";

const PUBLIC_TYPES = "./programs/public_types.ts";
const REACT_HOOKS = "./programs/react_hooks.ts";
const SUPABASE_CLIENTS = "./programs/supabase_clients.ts";

/** Libraries of 2022, as many projects have them: no `Symbol.dispose`, for example. */
const PAGE = { lib: ["es2022", "dom"] };
const NODE = { lib: ["es2022"], types: ["node"] };

const BUNDLER = { module: "esnext", moduleResolution: "bundler" };
const NODENEXT = { module: "nodenext" };

/** The package's declarations, as the compiler of a user reads them. */
export function typeTests(installed: () => InstalledPackage): void {
  const check = (options: object, ...programs: string[]) =>
    installed().compile(programs, { ...options, noEmit: true });

  for (const resolution of [BUNDLER, NODENEXT]) {
    const name = resolution.module;
    Deno.test(`a page's code has the types that it should, with ${name}`, async () => {
      await check({ ...PAGE, ...resolution }, PUBLIC_TYPES, REACT_HOOKS);
    });

    Deno.test(`clients of supabase-js 2.119 and 2.58 fit the option, with ${name}`, async () => {
      // The declarations of supabase-js have faults of their own.
      await check({ ...PAGE, ...resolution, skipLibCheck: true }, SUPABASE_CLIENTS);
    });
  }

  Deno.test("a program for Node has the types that it should", async () => {
    await check({ ...NODE, ...NODENEXT }, PUBLIC_TYPES);
  });
}
