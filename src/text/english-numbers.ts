/**
 * Spelled-out English numbers as digits: Whisper's EnglishNumberNormalizer.
 *
 * Source: openai/whisper `whisper/normalizers/english.py` (MIT). The rules are kept exactly, odd ones too ("o" is a
 * zero, a lone 1 is written "one"), because scores can only be compared under the same normaliser.
 */
import { splitWords, WHITESPACE, WORD_CHARACTER } from "./normalise-basic.ts";

const ZEROS = new Set(["o", "oh", "zero"]);
const ONES = numbered(
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
  (index) => BigInt(index + 1),
);
const TENS = numbered(
  "twenty thirty forty fifty sixty seventy eighty ninety",
  (index) => BigInt(index + 2) * 10n,
);
const MULTIPLIERS = new Map([
  ["hundred", 100n],
  ...numbered(
    "thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion decillion",
    (index) => 1000n ** BigInt(index + 1),
  ),
]);

/** A number word with an ending that closes the number: plural or ordinal. */
interface Suffixed {
  count: bigint;
  suffix: string;
}

const REGULAR_ONES = new Map([...ONES].filter(([, count]) => ![1n, 2n, 3n, 5n, 12n].includes(count)));
const ONES_SUFFIXED = new Map<string, Suffixed>([
  ...withSuffix(ONES, "s", (name) => (name === "six" ? "sixes" : `${name}s`)),
  ...withSuffix(REGULAR_ONES, "th", (name) => `${name}${name.endsWith("t") ? "h" : "th"}`),
  ["zeroth", { count: 0n, suffix: "th" }],
  ["first", { count: 1n, suffix: "st" }],
  ["second", { count: 2n, suffix: "nd" }],
  ["third", { count: 3n, suffix: "rd" }],
  ["fifth", { count: 5n, suffix: "th" }],
  ["twelfth", { count: 12n, suffix: "th" }],
]);

const TENS_SUFFIXED = new Map([
  ...withSuffix(TENS, "s", (name) => name.replace("y", "ies")),
  ...withSuffix(TENS, "th", (name) => name.replace("y", "ieth")),
]);
const MULTIPLIERS_SUFFIXED = new Map([
  ...withSuffix(MULTIPLIERS, "s", (name) => `${name}s`),
  ...withSuffix(MULTIPLIERS, "th", (name) => `${name}th`),
]);

/** Words that become a sign before the number. */
const SIGNS = new Map([
  ["minus", "-"],
  ["negative", "-"],
  ["plus", "+"],
  ["positive", "+"],
]);
/** Words after the number that become a symbol before it. */
const CURRENCIES = new Map([
  ["pound", "£"],
  ["pounds", "£"],
  ["euro", "€"],
  ["euros", "€"],
  ["dollar", "$"],
  ["dollars", "$"],
  ["cent", "¢"],
  ["cents", "¢"],
]);
const PREFIX_SYMBOLS = new Set([...SIGNS.values(), ...CURRENCIES.values()]);

const OTHER_WORDS = new Set(["per", "percent", "and", "double", "triple", "point"]);

const NUMBER_WORDS = new Set(
  [
    ZEROS,
    ONES,
    ONES_SUFFIXED,
    TENS,
    TENS_SUFFIXED,
    MULTIPLIERS,
    MULTIPLIERS_SUFFIXED,
    SIGNS,
    CURRENCIES,
    OTHER_WORDS,
  ].flatMap((words) => [...words.keys()]),
);

const NUMERIC = /^\p{Nd}+(?:\.\p{Nd}+)?$/u;

function numbered(names: string, value: (index: number) => bigint): Map<string, bigint> {
  return new Map(names.split(" ").map((name, index) => [name, value(index)]));
}

function withSuffix(
  numbers: Map<string, bigint>,
  suffix: string,
  inflect: (name: string) => string,
): [string, Suffixed][] {
  return Array.from(numbers, ([name, count]) => [inflect(name), { count, suffix }]);
}

/** The same number with ASCII digits: Unicode keeps every script's ten digits in one run that starts at its zero. */
function toAsciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const codePoint = digit.codePointAt(0)!;
    let zero = codePoint;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((codePoint - zero) % 10);
  });
}

/** `text × multiplier` when the text is a plain decimal and the product whole, else null. */
function multiply(text: string, multiplier: bigint): bigint | null {
  const parts = /^(?=\.?[0-9])([0-9]*)\.?([0-9]*)$/.exec(toAsciiDigits(text));
  if (parts === null) return null;
  const product = BigInt(parts[1] + parts[2]) * multiplier;
  const scale = 10n ** BigInt(parts[2].length);
  return product % scale === 0n ? product / scale : null;
}

/**
 * The number that is being put together: null when there is none, a bigint while it can still be added to
 * ("twenty" + "one"), a string once its digits only follow each other ("nineteen" + "ninety").
 */
type Value = bigint | string | null;

/** Nothing for no number, and nothing for a lone zero: Python's `str(value or "")`. */
function digitsOf(value: Value): string {
  return value ? String(value) : "";
}

function appendOnes(value: Value, ones: bigint, previous: string | undefined): bigint | string {
  if (value === null) return ones;
  const isPrevious = (words: Map<string, bigint>) => previous !== undefined && words.has(previous);
  if (typeof value === "string" || isPrevious(ONES)) {
    // "nineteen ninety nine": the digit takes the place of the zero in "1990".
    return isPrevious(TENS) && ones < 10n ? `${String(value).slice(0, -1)}${ones}` : `${value}${ones}`;
  }
  return value % (ones < 10n ? 10n : 100n) === 0n ? value + ones : `${value}${ones}`;
}

function appendTens(value: Value, tens: bigint): bigint | string {
  if (value === null) return tens;
  return typeof value !== "string" && value % 100n === 0n ? value + tens : `${value}${tens}`;
}

/** "three thousand two" × "hundred": only what stands below the last thousand is multiplied. */
function scale(value: bigint, multiplier: bigint): bigint {
  return (value / 1000n) * 1000n + (value % 1000n) * multiplier;
}

/** Reads words one by one and writes numbers with digits. */
function convertWords(words: readonly string[]): string[] {
  const converted: string[] = [];
  let prefix = "";
  let value: Value = null;

  const write = (result: bigint | string): void => {
    converted.push(`${prefix}${result}`);
    prefix = "";
    value = null;
  };
  const writeValue = (): void => {
    if (value !== null) write(value);
  };

  for (let index = 0; index < words.length; index++) {
    const current = words[index];
    const previous = words[index - 1];
    const next = words[index + 1];
    const nextIsNumeric = next !== undefined && NUMERIC.test(next);
    const isNext = (words: { has(word: string): boolean }) => next !== undefined && words.has(next);

    const symbol = PREFIX_SYMBOLS.has(current[0]) ? current[0] : "";
    const unsigned = current.slice(symbol.length);
    const ones = ONES.get(current);
    const onesSuffixed = ONES_SUFFIXED.get(current);
    const tens = TENS.get(current);
    const tensSuffixed = TENS_SUFFIXED.get(current);
    const multiplier = MULTIPLIERS.get(current);
    const multiplierSuffixed = MULTIPLIERS_SUFFIXED.get(current);
    const sign = SIGNS.get(current);
    const currency = CURRENCIES.get(current);

    if (NUMERIC.test(unsigned)) {
      if (typeof value === "string" && value.endsWith(".")) {
        // Decimals, or the parts of an internet address.
        value += current;
        continue;
      }
      writeValue();
      prefix = symbol || prefix;
      value = multiply(unsigned, 1n) ?? unsigned;
    } else if (!NUMBER_WORDS.has(current)) {
      writeValue();
      write(current);
    } else if (ZEROS.has(current)) {
      value = `${digitsOf(value)}0`;
    } else if (ones !== undefined) {
      value = appendOnes(value, ones, previous);
    } else if (onesSuffixed !== undefined) {
      write(`${appendOnes(value, onesSuffixed.count, previous)}${onesSuffixed.suffix}`);
    } else if (tens !== undefined) {
      value = appendTens(value, tens);
    } else if (tensSuffixed !== undefined) {
      write(`${appendTens(value, tensSuffixed.count)}${tensSuffixed.suffix}`);
    } else if (multiplier !== undefined) {
      if (value === null) {
        value = multiplier;
      } else if (typeof value === "bigint") {
        value = scale(value, multiplier);
      } else {
        const product = multiply(value, multiplier);
        if (product === null) writeValue();
        value = product ?? multiplier;
      }
    } else if (multiplierSuffixed !== undefined) {
      const { count, suffix } = multiplierSuffixed;
      if (typeof value === "string") {
        const product = multiply(value, count);
        if (product === null) writeValue();
        write(`${product ?? count}${suffix}`);
      } else {
        write(`${value === null ? count : scale(value, count)}${suffix}`);
      }
    } else if (sign !== undefined) {
      writeValue();
      if (isNext(NUMBER_WORDS) || nextIsNumeric) prefix = sign;
      else write(current);
    } else if (currency !== undefined) {
      if (value !== null) {
        prefix = currency;
        writeValue();
      } else {
        write(current);
      }
    } else if (current === "percent" && value !== null) {
      write(`${value}%`);
    } else if (current === "per" && value !== null && next === "cent") {
      write(`${value}%`);
      index++;
    } else if (current === "percent" || current === "per" || !(isNext(NUMBER_WORDS) || nextIsNumeric)) {
      writeValue();
      write(current);
    } else if (current === "and") {
      // Said after hundreds and thousands, but not written.
      if (previous === undefined || !MULTIPLIERS.has(previous)) {
        writeValue();
        write(current);
      }
    } else if (current === "point") {
      if (isNext(ONES) || isNext(TENS) || isNext(ZEROS) || nextIsNumeric) value = `${digitsOf(value)}.`;
    } else if (isNext(ONES) || isNext(ZEROS)) {
      // "double o", "triple seven"
      value = `${digitsOf(value)}${String(ONES.get(next) ?? 0).repeat(current === "double" ? 2 : 3)}`;
      index++;
    } else {
      writeValue();
      write(current);
    }
  }
  writeValue();
  return converted;
}

const AND_A_HALF = new RegExp(
  `(?<!${WORD_CHARACTER})and${WHITESPACE}+a${WHITESPACE}+half(?!${WORD_CHARACTER})`,
  "gu",
);
const SPACED_SUFFIX = new RegExp(`([0-9])${WHITESPACE}+(st|nd|rd|th|s)(?!${WORD_CHARACTER})`, "gu");
const CURRENCY_AND_CENTS = new RegExp(`([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})(?!${WORD_CHARACTER})`, "gu");
const ONLY_CENTS = new RegExp(`[€£$]0.([0-9]{1,2})(?!${WORD_CHARACTER})`, "gu");
const LONE_ONE = new RegExp(`(?<!${WORD_CHARACTER})1(s?)(?!${WORD_CHARACTER})`, "gu");

/** "three and a half million" → "three point five million", and a space where digits meet letters ("b747"). */
function prepare(text: string): string {
  const segments = text.split(AND_A_HALF);
  const pieces: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const lastWord = splitWords(segment).at(-1);
    if (lastWord === undefined) continue;
    pieces.push(segment);
    if (index === segments.length - 1) continue;
    const isNumber = [ZEROS, ONES, TENS, MULTIPLIERS].some((words) => words.has(lastWord));
    pieces.push(isNumber ? "point five" : "and a half");
  }
  return pieces
    .join(" ")
    .replace(/([a-z])([0-9])/g, "$1 $2")
    .replace(/([0-9])([a-z])/g, "$1 $2")
    .replace(SPACED_SUFFIX, "$1$2");
}

/** "$2 and ¢70" → "$2.70", "$0.36" → "¢36", a lone "1" → "one". */
function finish(text: string): string {
  return text
    .replace(
      CURRENCY_AND_CENTS,
      (_, currency: string, whole: string, cents: string) => `${currency}${whole}.${cents.padStart(2, "0")}`,
    )
    .replace(ONLY_CENTS, (_, cents: string) => `¢${Number(cents)}`)
    .replace(LONE_ONE, "one$1");
}

/**
 * Writes the numbers of lower-case English text with digits: "forty eight and a half dollars" → "$48.5",
 * "thirty first" → "31st", "nine double one" → "911".
 */
export function normaliseEnglishNumbers(text: string): string {
  return finish(convertWords(splitWords(prepare(text))).join(" "));
}
