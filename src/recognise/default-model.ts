/** The model that is used when none is named: for recognition, and for finding terms without it. */
export const defaultModel = "whisper-small";
