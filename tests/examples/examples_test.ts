import { browserTests } from "./browser_tests.ts";
import { nodeTests } from "./node_tests.ts";
import { reactServerTests } from "./react_server_tests.ts";
import { readmeTests } from "./readme_tests.ts";
import { createSetting, type Setting } from "./setting.ts";

let setting: Setting;
Deno.test.beforeAll(async () => void (setting = await createSetting()));
Deno.test.afterAll(async () => await setting?.[Symbol.asyncDispose]());

browserTests(() => setting);
reactServerTests(() => setting);
nodeTests(() => setting);
readmeTests(() => setting);
