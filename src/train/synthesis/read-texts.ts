/** Texts to be spoken: files of one text a line, and lists of words drawn from them. */
import { basename } from "node:path";
import { GlossaError } from "../../errors.ts";
import { readLines } from "../../eval/datasets/text-file.ts";
import { randomGenerator } from "../../random.ts";
import type { TextToSpeak } from "./synthesise.ts";

/**
 * The lines of text files; those that begin with `#` and a space are comments. A text that stands there twice is taken once.
 *
 * @param language of all; default: Chinese where there are Chinese characters, else English
 * @throws GlossaError `unreadable-input`, `invalid-argument` when there are no texts
 */
export async function readTexts(files: readonly string[], language?: string): Promise<TextToSpeak[]> {
  const byText = new Map<string, TextToSpeak>();
  for (const file of files) {
    for (const { place, line } of await readLines(file)) {
      const text = line.trim().replace(/\s+/g, " ");
      if (/^#(?: |$)/.test(text) || byText.has(text)) continue;
      byText.set(text, { text, language: language ?? languageOf(text), place });
    }
  }
  if (byText.size === 0) {
    throw new GlossaError("invalid-argument", `${files.map((file) => basename(file)).join(", ")}: no texts`);
  }
  return [...byText.values()];
}

/** Words in a list that is read out. */
const [fewest, most] = [3, 7];

/**
 * Lists of three to seven of the texts, which are words then, each in an order of its own: words are heard in many neighbourhoods,
 * and none can be guessed from a sentence. All come equally often.
 */
export function listsOf(texts: readonly TextToSpeak[], count: number, seed: number): TextToSpeak[] {
  const lists: TextToSpeak[] = [];
  const languages = [...new Set(texts.map(({ language }) => language))];
  const random = randomGenerator(seed);
  for (const language of languages) {
    const own = texts.filter((item) => item.language === language);
    const share = Math.round((count * own.length) / texts.length);
    let waiting: TextToSpeak[] = [];
    for (let i = 0; i < share; i++) {
      const length = fewest + Math.floor(random() * (most - fewest + 1));
      const chosen: string[] = [];
      while (chosen.length < Math.min(length, own.length)) {
        if (waiting.length === 0) waiting = [...own];
        const [word] = waiting.splice(Math.floor(random() * waiting.length), 1);
        if (!chosen.includes(word!.text)) chosen.push(word!.text);
      }
      const isChinese = language === "zh";
      const text = chosen.join(isChinese ? "，" : ", ") + (isChinese ? "。" : ".");
      lists.push({ text, language, place: `list ${lists.length + 1}` });
    }
  }
  return lists;
}

function languageOf(text: string): string {
  return /\p{Script=Han}/u.test(text) ? "zh" : "en";
}
