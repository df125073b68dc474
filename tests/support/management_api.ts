import { serveHttp } from "./http_server.ts";

/** What `supabase functions deploy` sent for one function. */
export interface Deployment {
  project: string;
  slug: string;
  /** Paths relative to the project's root, with the bytes of each. */
  files: Map<string, Uint8Array>;
  metadata: Record<string, unknown>;
}

export interface ManagementApi extends AsyncDisposable {
  url: string;
  deployments: Deployment[];
}

/** A stand-in for Supabase's management API on loopback: takes deployments and keeps them. */
export function startManagementApi(): ManagementApi {
  const deployments: Deployment[] = [];

  const server = serveHttp(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const [, project] = pathname.match(/^\/v1\/projects\/(\w+)\/functions\/deploy$/) ?? [];
    const slug = searchParams.get("slug");
    if (request.method !== "POST" || !project || !slug) {
      return Response.json({ message: "Not found" }, { status: 404 });
    }
    const form = await request.formData();
    const files = form.getAll("file").filter((part) => part instanceof File);
    deployments.push({
      project,
      slug,
      files: new Map(
        await Promise.all(files.map(async (file) => [file.name, await file.bytes()] as const)),
      ),
      metadata: JSON.parse(String(form.get("metadata"))),
    });
    const times = { created_at: Date.now(), updated_at: Date.now() };
    const created = { id: slug, slug, name: slug, version: 1, status: "ACTIVE", ...times };
    return Response.json(created, { status: 201 });
  });
  return { ...server, deployments };
}
