export function print({ eventType, file }) {
  if (eventType === "file-deleted") return console.log(`${file.id}  deleted`);
  const { id, filename, status, progress, error_message } = file;
  console.log([id, filename, status, `${progress} %`, error_message ?? ""].join("  ").trim());
}
