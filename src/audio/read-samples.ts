/** Short recordings as a whole. */
import { openAudio, type AudioInput, type OpenAudioOptions } from "./open-audio.ts";

export interface ReadSamplesOptions extends OpenAudioOptions {
  /** Reading stops soon after so many samples, so that an hour where seconds are expected costs no memory. */
  mostSamples?: number;
}

/**
 * All samples of a recording, mono at 16 kHz.
 *
 * @throws GlossaError as `openAudio`
 */
export async function readSamples(
  input: AudioInput,
  { mostSamples = Infinity, ...options }: ReadSamplesOptions = {},
): Promise<Float32Array> {
  await using audio = await openAudio(input, options);
  const chunks: Float32Array[] = [];
  let length = 0;
  for await (const chunk of audio.chunks) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > mostSamples) break;
  }
  const samples = new Float32Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    samples.set(chunk, offset);
    offset += chunk.length;
  }
  return samples;
}
