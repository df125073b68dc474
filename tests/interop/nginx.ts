import { freePort } from "../../local/free_port.ts";
import { startCommand } from "../support/start_command.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { until } from "../support/until.ts";
import { NGINX } from "./debian_programs.ts";
import type { Route } from "./routes.ts";
import { selfSignedCertificate } from "./self_signed_certificate.ts";

interface Options {
  readonly mainDirectives?: string;
  readonly httpDirectives?: string;
  /** Listens with TLS and HTTP/2. */
  readonly http2?: boolean;
}

/** An nginx in front of a server. It has its defaults but for the options, and its own folder. */
export interface Nginx extends Route {
  /** Reads the configuration again: new workers take over, and the old ones accept no more. */
  reload(): void;
  /** How many workers have been started. */
  startedWorkers(): number;
}

export async function startNginx(
  url: string,
  { mainDirectives = "", httpDirectives = "", http2 = false }: Options = {},
): Promise<Nginx> {
  await using started = new AsyncDisposableStack();
  const { path } = started.use(await temporaryFolder());
  const port = freePort();
  const tls = http2 ? await selfSignedCertificate(path) : undefined;
  const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${path}/${name};`);
  await Deno.writeTextFile(
    `${path}/nginx.conf`,
    `daemon off;
pid ${path}/pid;
${mainDirectives}
events {}
http {
  ${temporaryPaths.join("\n  ")}
  log_format answer "$server_protocol $sent_http_content_encoding";
  access_log ${path}/access.log answer;
  ${httpDirectives}
  server {
    listen 127.0.0.1:${port}${tls ? " ssl http2" : ""};
    ${tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};` : ""}
    location / { proxy_pass ${url}; }
  }
}
`,
  );
  const args = ["-e", "stderr", "-c", `${path}/nginx.conf`, "-g", "error_log stderr notice;"];
  const command = started.use(startCommand(NGINX, { args }));
  const workers = () => [...command.errors().matchAll(/start worker process (\d+)/g)];
  await until(() => workers().length > 0 || command.hasEnded(), "nginx");
  if (command.hasEnded()) throw new Error(`nginx has ended: ${command.errors()}`);

  const running = started.move();
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    ...(tls && { certificate: tls.certificate }),
    cut: () => Deno.kill(Number(workers().at(-1)![1]), "SIGKILL"),
    answers: async () => (await Deno.readTextFile(`${path}/access.log`)).split("\n").slice(0, -1),
    reload: () => command.kill("SIGHUP"),
    startedWorkers: () => workers().length,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
