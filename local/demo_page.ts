import { fileURLToPath } from "node:url";

const PAGE = new URL("../demo/page/", import.meta.url);

/** Only what is served from here runs, and it talks to nobody else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Bundles the demo page, keeps it in memory, and answers its requests.
 *
 * @throws {Error} With the bundler's own words if it fails.
 */
export async function createDemoPage(): Promise<(request: Request) => Response> {
  const [html, css, icon, { main, worker }] = await Promise.all([
    Deno.readFile(new URL("index.html", PAGE)),
    Deno.readFile(new URL("style.css", PAGE)),
    Deno.readFile(new URL("favicon.svg", PAGE)),
    bundle(),
  ]);
  const assets = new Map([
    ["/", { body: html, type: "text/html; charset=utf-8" }],
    ["/style.css", { body: css, type: "text/css; charset=utf-8" }],
    ["/favicon.svg", { body: icon, type: "image/svg+xml" }],
    ["/main.js", { body: main, type: "text/javascript; charset=utf-8" }],
    ["/worker.js", { body: worker, type: "text/javascript; charset=utf-8" }],
  ]);

  return (request) => {
    const asset = assets.get(new URL(request.url).pathname);
    if (!asset) {
      return Response.json({ error: "Nothing is here", code: "NOT_FOUND" }, { status: 404 });
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return Response.json(
        { error: "GET and HEAD are allowed", code: "METHOD_NOT_ALLOWED" },
        { status: 405, headers: { allow: "GET, HEAD" } },
      );
    }
    return new Response(request.method === "HEAD" ? null : asset.body, {
      headers: {
        "content-type": asset.type,
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "cache-control": "no-cache",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      },
    });
  };
}

/**
 * Bundles the page's two scripts in one process. The bundler installs itself at its first run, and
 * two first runs at the same time would damage each other's installation.
 */
async function bundle() {
  const folder = await Deno.makeTempDir({ prefix: "file-events-page-" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--minify"]
        .concat("--outdir", folder, "main.ts", "worker.ts"),
      cwd: fileURLToPath(PAGE),
    }).output();
    if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr)}`);
    const [main, worker] = await Promise.all([
      Deno.readFile(`${folder}/main.js`),
      Deno.readFile(`${folder}/worker.js`),
    ]);
    return { main, worker };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
