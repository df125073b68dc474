/** How many bytes a stream takes after gzip. Keeps nothing of it in memory. */
export async function compressedSize(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<number> {
  let size = 0;
  await bytes.pipeThrough(new CompressionStream("gzip")).pipeTo(
    new WritableStream({
      write(chunk) {
        size += chunk.length;
      },
    }),
  );
  return size;
}
