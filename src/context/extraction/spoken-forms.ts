/**
 * Guesses how a written term is said when that differs from its spelling: `CUDA_VISIBLE_DEVICES=0,1` "cuda visible devices
 * equals zero comma one", `GPT-4` "G P T four", `K8s` "kubernetes", `C++` "c plus plus".
 */
import { rarityOf } from "./word-rarity.ts";

/** Words below are known well enough to be found within others. */
const commonRarity = 0.7;
/** More guesses than this cost more than they find. */
const mostForms = 4;

/** Words whose middle is counted (numeronyms). */
const numeronyms: Readonly<Record<string, string>> = {
  k8s: "kubernetes",
  k3s: "k three s",
  i18n: "internationalization",
  l10n: "localization",
  a11y: "accessibility",
  o11y: "observability",
  g11n: "globalization",
  c14n: "canonicalization",
  p13n: "personalization",
  e2e: "end to end",
  p2p: "peer to peer",
  b2b: "business to business",
  b2c: "business to consumer",
  m2m: "machine to machine",
  n2n: "n to n",
};

const symbols: readonly (readonly [RegExp, string])[] = [
  [/\+\+/g, " plus plus "],
  [/(?<=\p{L})#/gu, " sharp "],
  [/(?<=[\p{L}\d])\+/gu, " plus "],
  [/&/g, " and "],
  [/@/g, " at "],
  [/=/g, " equals "],
  [/%/g, " percent "],
  [/²/g, " squared "],
  [/³/g, " cubed "],
];

const ones =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/**
 * @param term as written
 * @param knownWords words of the same documents in lower case, where the long form of a numeronym may stand
 */
export function spokenFormsOf(term: string, knownWords?: Iterable<string>): string[] {
  if (/\p{Script=Han}/u.test(term) || /^[\p{Ll} '’-]+$/u.test(term)) return [];
  const forms = new Set<string>();
  const add = (form: string) => {
    const clean = form.replace(/\s+/g, " ").trim();
    if (clean !== "" && clean !== term && forms.size < mostForms) forms.add(clean);
  };
  const long = numeronymOf(term, knownWords);
  if (long !== null) add(long);
  for (const joined of joinedLetters(term)) add(joined);
  const pieces = piecesOf(term);
  const mixed = /^(\p{Ll}|\p{Lu}(?=\p{Lu}\p{Ll}\p{Lu}))(\p{Lu}[\p{L}]+)$/u.exec(term);
  // vLLM "v L L M", iOS "i O S", QLoRA "Q lora".
  if (mixed) add(`${mixed[1]} ${isSpelled(mixed[2]!) ? spell(mixed[2]!) : mixed[2]!.toLowerCase()}`);
  if (pieces.length > 1 || pieces[0] !== term) {
    if (pieces.some((piece) => isSpelled(piece) && isPronounceable(piece))) {
      add(
        pieces
          .map(
            (piece) =>
              numberWords(piece) ??
              (isPronounceable(piece) || !isSpelled(piece) ? piece.toLowerCase() : spell(piece)),
          )
          .join(" "),
      );
    }
    // Digits are written as digits by recognisers that were trained on written text, as words by others.
    add(pieces.map((piece) => (isSpelled(piece) ? spell(piece) : piece.toLowerCase())).join(" "));
    add(
      pieces
        .map((piece) => numberWords(piece) ?? (isSpelled(piece) ? spell(piece) : piece.toLowerCase()))
        .join(" "),
    );
  } else if (isSpelled(term)) {
    add(spell(term));
    if (isPronounceable(term)) add(term.toLowerCase());
    else {
      // GLCLAP "G L clap": letters before a word.
      const start = [2, 1, 3].find(
        (length) => term.length - length >= 3 && rarityOf(term.slice(length).toLowerCase()) < commonRarity,
      );
      if (start !== undefined) add(`${spell(term.slice(0, start))} ${term.slice(start).toLowerCase()}`);
    }
  }
  if (/\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}/u.test(term) && /^\p{L}+$/u.test(term)) add(term.toLowerCase());
  return [...forms];
}

/** `CUDA_VISIBLE_DEVICES=0,1` → CUDA, VISIBLE, DEVICES, equals, 0, comma, 1; `HuggingFace` → Hugging, Face; `Qwen2` → Qwen, 2. */
function piecesOf(term: string): string[] {
  let text = term;
  for (const [symbol, word] of symbols) text = text.replace(symbol, word);
  if (term.includes("=")) text = text.replace(/(?<=\d),(?=\d)/g, " comma ");
  text = text
    .replace(/(?<=\d)\.(?=\d)/g, " point ")
    .replace(/^\.(?=\p{L})/u, "dot ")
    .replace(/[_\-./:,()–—\s]+/gu, " ")
    .replace(/(?<=\p{Ll}{2})(?=\p{Lu}\p{Ll}{2})/gu, " ")
    .replace(/(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})/gu, " ")
    .replace(/(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/gu, " ");
  return text.trim().split(/\s+/);
}

/**
 * The word that letters written apart may be, as Mandarin corpora write Latin words: `T E C H W E B` "techweb",
 * `S A M S U N G P A Y` "samsung pay", `T C U B E` "t cube". None when they are said one by one.
 */
function joinedLetters(term: string): string[] {
  if (!/^\p{L}(?: \p{L}){3,}$/u.test(term)) return [];
  const letters = term.replaceAll(" ", "").toLowerCase();
  if (rarityOf(letters) < commonRarity) return [letters];
  for (let cut = letters.length - 3; cut > 0; cut--) {
    const [start, end] = [letters.slice(0, cut), letters.slice(cut)];
    if (rarityOf(end) >= commonRarity) continue;
    if (isPronounceable(start)) return [`${start} ${end}`, letters];
    if (cut <= 2) return [`${spell(start)} ${end}`];
  }
  return isPronounceable(letters) ? [letters] : [];
}

/** Capitals, or consonants alone: said letter by letter. A plural s may follow. */
function isSpelled(piece: string): boolean {
  return /^\p{Lu}{1,6}s?$/u.test(piece);
}

function spell(piece: string): string {
  return [...piece.replace(/s$/, "")].join(" ") + (/\p{Lu}s$/u.test(piece) ? "s" : "");
}

/** Whether capitals may be said as a word: vowels and consonants take turns well enough. */
export function isPronounceable(piece: string): boolean {
  const lower = piece.toLowerCase().replace(/(?<=[^aeiou]{2})s$/, "");
  return (
    lower.length >= 3 &&
    /[aeiouy]/.test(lower) &&
    !/[^aeiouy]{4}|^[^aeiouy]{3}|[^aeiouylrnmst]{3}$|[aeiou]{3}/.test(lower)
  );
}

function numeronymOf(term: string, knownWords: Iterable<string> | undefined): string | null {
  const lower = term.toLowerCase();
  if (Object.hasOwn(numeronyms, lower)) return numeronyms[lower]!;
  const parts = /^([a-z])(\d{1,2})([a-z])$/.exec(lower);
  if (!parts || knownWords === undefined) return null;
  const [, first, count, last] = parts;
  for (const word of knownWords) {
    if (word.length === Number(count) + 2 && word.startsWith(first!) && word.endsWith(last!)) return word;
  }
  return null;
}

/** `30` "thirty", `100` "one hundred", `3090` "thirty ninety" (as models are named), `2024` "twenty twenty four"; else null. */
export function numberWords(piece: string): string | null {
  if (!/^\d{1,4}$/.test(piece)) return null;
  if (piece.length > 1 && piece.startsWith("0"))
    return [...piece].map((digit) => ones[Number(digit)]).join(" ");
  const value = Number(piece);
  if (value < 100) return belowHundred(value);
  if (value % 1000 === 0) return `${ones[value / 1000]} thousand`;
  if (value < 1000) {
    const rest = value % 100;
    return `${ones[Math.floor(value / 100)]} hundred${rest === 0 ? "" : ` ${belowHundred(rest)}`}`;
  }
  const rest = value % 100;
  return `${belowHundred(Math.floor(value / 100))} ${rest === 0 ? "hundred" : belowHundred(rest)}`;
}

function belowHundred(value: number): string {
  if (value < 20) return ones[value]!;
  return tens[Math.floor(value / 10)]! + (value % 10 === 0 ? "" : ` ${ones[value % 10]}`);
}
