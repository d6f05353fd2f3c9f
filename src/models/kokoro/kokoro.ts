/**
 * Kokoro-82M (Hexgrad 2025, Apache-2.0), a StyleTTS 2 voice: phonemes and the numbers of a voice in, speech out.
 *
 * Its graph is run as it was published: nothing here trains it or needs its parts.
 */
import { readFile } from "node:fs/promises";
import { GlossaError } from "../../errors.ts";
import {
  createSession,
  type OnnxSession,
  type SessionOptions,
  tensorFactory,
  type TensorFactory,
} from "../../runtime/session.ts";

export const kokoroSampleRate = 24_000;
/** Most phonemes, punctuation and spaces included, that it speaks at once. */
export const mostPhonemes = 509;
const styleWidth = 256;

/** Number of every phoneme; one that is not here is not spoken. */
const phonemes: ReadonlyMap<string, number> = new Map(
  (
    '; 1 : 2 , 3 . 4 ! 5 ? 6 — 9 … 10 " 11 ( 12 ) 13 “ 14 ” 15 \u0303 17 ʣ 18 ʥ 19 ʦ 20 ʨ 21 ᵝ 22 ꭧ 23 A 24 I 25 O 31 Q 33 ' +
    "S 35 T 36 W 39 Y 41 ᵊ 42 a 43 b 44 c 45 d 46 e 47 f 48 h 50 i 51 j 52 k 53 l 54 m 55 n 56 o 57 p 58 q 59 r 60 s 61 t 62 " +
    "u 63 v 64 w 65 x 66 y 67 z 68 ɑ 69 ɐ 70 ɒ 71 æ 72 β 75 ɔ 76 ɕ 77 ç 78 ɖ 80 ð 81 ʤ 82 ə 83 ɚ 85 ɛ 86 ɜ 87 ɟ 90 ɡ 92 " +
    "ɥ 99 ɨ 101 ɪ 102 ʝ 103 ɯ 110 ɰ 111 ŋ 112 ɳ 113 ɲ 114 ɴ 115 ø 116 ɸ 118 θ 119 œ 120 ɹ 123 ɾ 125 ɻ 126 ʁ 128 ɽ 129 ʂ 130 " +
    "ʃ 131 ʈ 132 ʧ 133 ʊ 135 ʋ 136 ʌ 138 ɣ 139 ɤ 140 χ 142 ʎ 143 ʒ 147 ʔ 148 ˈ 156 ˌ 157 ː 158 ʰ 162 ʲ 164 ↓ 169 → 171 " +
    "↗ 172 ↘ 173 ᵻ 177"
  )
    .split(" ")
    .reduce<[string, number][]>(
      (pairs, item, i, all) => {
        if (i % 2 === 0) pairs.push([item, Number(all[i + 1])]);
        return pairs;
      },
      [[" ", 16]],
    ),
);

export class Kokoro implements AsyncDisposable {
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #voicePath: (voice: string) => string;
  readonly #voices = new Map<string, Promise<Float32Array>>();

  private constructor(session: OnnxSession, tensors: TensorFactory, voicePath: (voice: string) => string) {
    this.#session = session;
    this.#tensors = tensors;
    this.#voicePath = voicePath;
  }

  /**
   * @param path gives the path of a file by its name: `kokoro.onnx`, `af_heart.bin`
   * @throws GlossaError `runtime-failed`
   */
  static async load(path: (name: string) => string, options: SessionOptions = {}): Promise<Kokoro> {
    const session = await createSession(path("kokoro.onnx"), options);
    return new Kokoro(session, await tensorFactory(), (voice) => path(`${voice}.bin`));
  }

  /**
   * Speaks.
   *
   * @param text phonemes as Kokoro writes them, such as `həlˈO wˈɜɹld`
   * @param speed 1 is the voice's own
   * @returns mono samples at 24 kHz
   * @throws GlossaError `invalid-argument` for phonemes it does not know or too many of them; `model-corrupt`
   */
  async speak(text: string, voice: string, speed = 1): Promise<Float32Array> {
    const tokens = tokensOf(text);
    const styles = await this.#voice(voice);
    // A voice has a style for every length.
    const style = styles.slice((tokens.length - 1) * styleWidth, tokens.length * styleWidth);
    const { waveform } = await this.#session.run({
      input_ids: this.#tensors.int64([0, ...tokens, 0], [1, tokens.length + 2]),
      style: this.#tensors.float32(style, [1, styleWidth]),
      speed: this.#tensors.float32(Float32Array.of(speed), [1]),
    });
    return Float32Array.from(waveform!.data as Float32Array);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #voice(name: string): Promise<Float32Array> {
    let voice = this.#voices.get(name);
    if (voice === undefined) {
      const path = this.#voicePath(name);
      voice = readFile(path).then((bytes) => {
        if (bytes.length !== (mostPhonemes + 1) * styleWidth * 4) {
          throw new GlossaError("model-corrupt", `${path} is no voice of Kokoro.`);
        }
        return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      });
      this.#voices.set(name, voice);
    }
    return voice;
  }
}

function tokensOf(text: string): number[] {
  const characters = [...text];
  const unknown = characters.filter((character) => !phonemes.has(character));
  if (unknown.length > 0) {
    throw new GlossaError("invalid-argument", `Kokoro knows no phoneme "${unknown[0]}" (in "${text}").`);
  }
  if (characters.length === 0 || characters.length > mostPhonemes) {
    throw new GlossaError(
      "invalid-argument",
      `Kokoro speaks 1 to ${mostPhonemes} phonemes at once; this text has ${characters.length}.`,
    );
  }
  return characters.map((character) => phonemes.get(character)!);
}
