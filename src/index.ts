/**
 * Glossa: speech recognition that knows your glossary. This is all that the package exports.
 */
export { type AudioInput } from "./audio/open-audio.ts";
export { type ContextDocument } from "./context/documents/document.ts";
export { readContext } from "./context/documents/read-context.ts";
export { type ExtractedTerm, extractTerms } from "./context/extraction/extract-terms.ts";
export { historyText, readHistory, type Turn } from "./context/history.ts";
export { type Term } from "./context/term.ts";
export { readTerms } from "./context/term-file.ts";
export { GlossaError, type GlossaErrorCode } from "./errors.ts";
export type {
  Checkpoint,
  LoadOptions,
  RecogniseOptions,
  RecognitionEvent,
  RecognitionProgress,
  TermFinding,
} from "./recognise/options.ts";
export { createRecogniser, recognise } from "./recognise/recognise.ts";
export { type Recogniser } from "./recognise/recogniser.ts";
export {
  createRetriever,
  type RetrievedStretch,
  type RetrieveOptions,
  type Retriever,
  type RetrieverOptions,
} from "./recognise/retriever.ts";
export { type Device } from "./runtime/session.ts";
export { formatTranscript, type TranscriptFormat } from "./transcript/formats.ts";
export type { Segment, TermReport, TermStatus, Transcript, Word } from "./transcript/transcript.ts";
