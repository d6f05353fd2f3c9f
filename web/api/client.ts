/** The routes that the page uses, one function each. All throw a `Problem`. */
import { Problem } from "./problem.ts";
import type {
  Corrections,
  Glossary,
  Job,
  JobOptions,
  SavedCorrection,
  Segment,
  ServerInfo,
  Term,
  Transcript,
  TranscriptFormat,
} from "./types.ts";

/** Where the server is: beside the page, also behind a proxy that serves it under a path. */
export const serverUrl = (path: string): string => new URL(path, document.baseURI).href;

const locked = new Set<() => void>();

/** Calls `listener` when the server wants a key. */
export function whenLocked(listener: () => void): void {
  locked.add(listener);
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(serverUrl(path), { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, "");
  }
  if (response.ok) return response;
  if (response.status === 401) for (const listener of locked) listener();
  throw Problem.ofBody(response.status, await response.text());
}

async function read<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await send(path, init)).json()) as T;
}

function json(method: string, body: unknown): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

const query = (values: Record<string, string | number | undefined>): string => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
};

export const readServer = (): Promise<ServerInfo> => read("v1/server");
export const logIn = (key: string): Promise<Response> => send("v1/session", json("POST", { key }));
export const logOut = (): Promise<Response> => send("v1/session", { method: "DELETE" });

export interface JobQuery {
  query?: string;
  before?: string;
  /** Jobs made again from the recording of this one. */
  job?: string;
  limit?: number;
  signal?: AbortSignal;
}

export const listJobs = ({ signal, ...rest }: JobQuery): Promise<{ jobs: Job[]; next: string | null }> =>
  read(`v1/jobs${query({ ...rest })}`, { signal });
export const readJob = (id: string): Promise<Job> => read(`v1/jobs/${id}`);

export type JobSource = { upload: string; name: string } | { url: string } | { job: string; name: string };

/** Starts recognition of an upload, an address, or the recording of another job. */
export async function createJob(source: JobSource, options: JobOptions): Promise<Job> {
  const { jobs } = await read<{ jobs: Job[] }>("v1/jobs", json("POST", { ...source, ...options }));
  return jobs[0]!;
}

export const cancelJob = (id: string): Promise<Job> => read(`v1/jobs/${id}/cancel`, { method: "POST" });
export const retryJob = (id: string): Promise<Job> => read(`v1/jobs/${id}/retry`, { method: "POST" });
export const deleteJob = (id: string): Promise<Response> => send(`v1/jobs/${id}`, { method: "DELETE" });

export type TranscriptVersion = "corrected" | "original";

export const readTranscript = (id: string, version?: TranscriptVersion): Promise<Transcript> =>
  read(`v1/jobs/${id}/transcript${query({ format: "json", version })}`);

/** Address of a transcript as a file to save. */
export const transcriptUrl = (id: string, format: TranscriptFormat, version?: TranscriptVersion): string =>
  serverUrl(`v1/jobs/${id}/transcript${query({ format, version, download: 1 })}`);
export const audioUrl = (id: string): string => serverUrl(`v1/jobs/${id}/audio`);
export const dataSetUrl = (): string => serverUrl("v1/corrections/data-set");

export const saveCorrection = (id: string, segments: readonly Segment[]): Promise<SavedCorrection> =>
  read(`v1/jobs/${id}/correction`, json("PUT", { segments }));
export const deleteCorrection = (id: string): Promise<Response> =>
  send(`v1/jobs/${id}/correction`, { method: "DELETE" });
export const listCorrections = (): Promise<Corrections> => read("v1/corrections");

export const listGlossaries = async (): Promise<Glossary[]> =>
  (await read<{ glossaries: Glossary[] }>("v1/glossaries")).glossaries;
export const createGlossary = (name: string, terms: readonly Term[]): Promise<Glossary> =>
  read("v1/glossaries", json("POST", { name, terms }));
export const replaceGlossary = (id: string, name: string, terms: readonly Term[]): Promise<Glossary> =>
  read(`v1/glossaries/${id}`, json("PUT", { name, terms }));
export const deleteGlossary = (id: string): Promise<Response> =>
  send(`v1/glossaries/${id}`, { method: "DELETE" });
export const glossaryUrl = (id: string): string => serverUrl(`v1/glossaries/${id}/export?format=txt`);
export const readGlossaryTerms = (
  id: string,
  search: string,
  offset: number,
): Promise<{ terms: Term[]; total: number; matching: number }> =>
  read(`v1/glossaries/${id}/terms${query({ query: search, limit: 200, offset })}`);

/** The terms of documents and term files. */
export function readDocuments(
  files: readonly File[],
): Promise<{ terms: (Term & { source?: string })[]; warnings: string[] }> {
  const body = new FormData();
  for (const file of files) body.append("file", file, file.name);
  return read("v1/documents", { method: "POST", body });
}
