/** The files of a drop, those inside folders included. */

/** Files that systems put into folders for themselves. */
const systemFiles = /^(?:\.|Thumbs\.db$|desktop\.ini$)/;

/** Endings of what may hold speech; folders hold much else. */
const recordings =
  /\.(?:wav|wave|mp3|m4a|m4b|mp4|m4v|mov|mkv|webm|weba|ogg|oga|ogv|opus|flac|aac|aif|aiff|amr|avi|caf|3gp|mpg|mpeg|wma|wmv|ts|ac3|spx)$/i;

export function isRecording(file: File): boolean {
  return recordings.test(file.name) || /^(?:audio|video)\//.test(file.type);
}

/** Must be called while the drop is handled: the list is empty afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = Array.from(transfer.items, (item) =>
    item.kind === "file" ? item.webkitGetAsEntry() : null,
  ).filter((entry) => entry !== null);
  if (entries.length === 0) return Array.from(transfer.files);
  const files: File[] = [];
  for (const entry of entries) {
    if (entry.isDirectory) files.push(...(await filesIn(entry as FileSystemDirectoryEntry)));
    else files.push(await fileOf(entry as FileSystemFileEntry));
  }
  return files;
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  // It gives a hundred at a time, and nothing at the end.
  for (let batch = await read(reader); batch.length > 0; batch = await read(reader)) entries.push(...batch);
  entries.sort((first, second) => first.name.localeCompare(second.name, undefined, { numeric: true }));
  const files: File[] = [];
  for (const entry of entries) {
    if (systemFiles.test(entry.name)) continue;
    if (entry.isDirectory) files.push(...(await filesIn(entry as FileSystemDirectoryEntry)));
    else files.push(await fileOf(entry as FileSystemFileEntry));
  }
  return files;
}

const read = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));
