/** The one shape that every data set is read into. */

/** A recording and what is known about it. */
export interface Utterance {
  /** Unique in its set. */
  id: string;
  /** Absolute path. */
  audio: string;
  /** What was said; null when it is not known (then only keywords can be scored). */
  text: string | null;
  /** ISO 639-1 code. */
  language?: string;
  durationSeconds?: number;
  /** Terms that a user would give for this recording. */
  terms?: readonly string[];
  /** Its words outside the common ones (LibriSpeech deep biasing). */
  rareWords?: readonly string[];
  /** What must be found in the transcript, where the text is not known. */
  keywords?: readonly string[];
  /** Distractors that the data set itself gives for this utterance. */
  distractors?: readonly string[];
  /** Parts of the text with times in seconds. */
  segments?: readonly { start: number; end?: number; text: string }[];
  /** Text that the user would have at hand, such as slides. */
  context?: string;
  speaker?: string;
}

/** An utterance as a reader finds it: the id may be left to be made from the audio's name. */
export type FoundUtterance = Omit<Utterance, "id"> & { id?: string };

/** One row of a data set, or what is wrong with it. */
export type DataRow = {
  /** Where it stands: `manifest.jsonl:12`. */
  place: string;
} & ({ utterance: FoundUtterance } | { problem: string });

/** What a reader makes of a file or folder. */
export interface ReadData {
  rows: DataRow[];
  /** One list of terms for all utterances, where the data set has one. */
  glossary?: readonly string[];
}

export interface ReaderOptions {
  /** Folder that relative audio paths start from, or that holds the audio; default: beside the data set's file. */
  audioRoot?: string;
}
