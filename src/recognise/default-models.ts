/** The models that are used when none is named. */

/** For recognition. */
export const defaultModel = "whisper-small";

/** For finding terms in speech without recognising it: Glossa comes with a letter head over its frames. */
export const defaultRetrievalModel = "whisper-base";
