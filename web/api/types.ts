/** What the server sends and takes, as `docs/server.md` describes it. */
import type { Segment, Transcript } from "../../src/transcript/transcript.ts";

export type { Segment, TermReport, TermStatus, Transcript, Word } from "../../src/transcript/transcript.ts";
export type { TranscriptFormat } from "../../src/transcript/formats.ts";

export interface ServerInfo {
  name: string;
  version: string;
  keyRequired: boolean;
  authenticated: boolean;
  scopes: string[];
  defaultModel: string;
  models: string[];
  liveModel: string;
  /** Codes of the languages that each model writes. */
  languages: Record<string, string[]>;
  formats: string[];
  /** Endings of the documents that terms can be taken from. */
  documents: string[];
  limits: { uploadBytes: number; terms: number; documentBytes: number; filesPerRequest: number };
  urlJobs: boolean;
  retentionDays: number | null;
}

export type JobStatus = "queued" | "fetching" | "running" | "done" | "failed" | "cancelled";

export interface Progress {
  processedSeconds: number;
  totalSeconds: number | null;
}

export interface Job {
  id: string;
  batch: string | null;
  name: string;
  status: JobStatus;
  source: { type: "upload" } | { type: "url"; url: string } | { type: "job"; job: string };
  bytes: number | null;
  mediaType: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  expiresAt: string | null;
  attempts: number;
  options: {
    model: string;
    language: string | null;
    glossaries: string[];
    termCount: number;
  };
  progress: Progress;
  /** Place in the queue. */
  position: number | null;
  durationSeconds: number | null;
  language: string | null;
  /** The beginning of the text. */
  excerpt: string | null;
  corrected: boolean;
  error: { code: string; message: string } | null;
}

export interface Term {
  text: string;
  spokenForms?: string[];
  weight?: number;
}

/** What a person chooses before recognition. */
export interface JobOptions {
  model?: string;
  language?: string;
  terms: Term[];
  glossaries: string[];
}

export interface Glossary {
  id: string;
  name: string;
  description: string;
  termCount: number;
  createdAt: string;
  updatedAt: string;
  warnings?: string[];
}

export interface SavedCorrection {
  jobId: string;
  savedAt: string;
  segments: number;
  changedSegments: number;
}

export interface Corrections {
  corrections: {
    jobId: string;
    name: string;
    savedAt: string;
    durationSeconds: number;
    changedSegments: number;
  }[];
  utterances: number;
  seconds: number;
}

/** What the stream of one job tells. */
export interface JobEvents {
  job: (job: Job) => void;
  segment: (segment: { index: number; segment: Segment }) => void;
  progress: (progress: Progress) => void;
  done: (job: Job) => void;
}

export interface LiveWord {
  word: string;
  punctuated_word: string;
  start: number;
  end: number;
  confidence: number;
}

/** Messages of a live session, in Deepgram's shapes. */
export type LiveMessage =
  | {
      type: "Results";
      start: number;
      duration: number;
      is_final: boolean;
      speech_final: boolean;
      channel: { alternatives: { transcript: string; confidence: number; words: LiveWord[] }[] };
    }
  | { type: "SpeechStarted"; timestamp: number }
  | { type: "UtteranceEnd"; last_word_end: number }
  | { type: "Configured"; termCount: number; warnings: string[] }
  | { type: "Error"; description: string; code: string }
  | { type: "Metadata"; request_id: string; duration: number; transcript: Transcript };
