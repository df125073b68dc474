import { startCommand } from "../support/start_command.ts";

/** Makes a certificate for 127.0.0.1. @returns The paths of two files in `folder`. */
export async function selfSignedCertificate(
  folder: string,
): Promise<{ certificate: string; key: string }> {
  const paths = { certificate: `${folder}/certificate.pem`, key: `${folder}/key.pem` };
  await using command = startCommand("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
      // Deno takes no certificate of an authority for that of a server.
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", paths.key, "-out", paths.certificate],
    ],
  });
  const { success } = await command.status;
  if (!success) throw new Error(`openssl made no certificate: ${command.errors()}`);
  return paths;
}
