/**
 * Numbers written with digits, as they are read aloud in Chinese: 31 → 三十一, 2008年 → 二零零八年, 1.5 → 一点五,
 * 60% → 百分之六十.
 *
 * How a number is read depends on what it counts, so the rules are tried in this order:
 * 1. dates (2015-8-3) and clock times (9:30) by their parts;
 * 2. telephone numbers, and digit groups with spaces of seven digits or more, digit by digit;
 * 3. "-" or "~" between numbers as 到, before a number as 负, ":" between numbers as 比;
 * 4. percentages, fractions and amounts of money with their words in spoken order;
 * 5. years (four digits before 年, from 1001 to 2999) digit by digit;
 * 6. what begins with a 0, has seven digits or more and no three zeros at the end, or follows a Latin letter with three
 *    digits or more (G7062): digit by digit; everything else as a quantity.
 */

const DIGITS = "零一二三四五六七八九";
const PLACES = ["", "十", "百", "千"];
const CURRENCIES: Readonly<Record<string, string>> = {
  us$: "美元",
  $: "美元",
  "¥": "元",
  "€": "欧元",
  "£": "英镑",
};

const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?`;
const DATE = /(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/g;
const CLOCK = /(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])/g;
const TELEPHONE =
  /(?<!\d)(?:0\d{2,3}[ -]?\d{7,8}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|[48]00[ -]\d{3,4}[ -]\d{3,4})(?!\d)/g;
const SPACED_DIGITS = /(?<![\d.])\d+(?: \d+)+(?![\d.])/g;
/** Begins only where a number begins: from inside of long numbers it would be tried in vain. */
const PERCENTAGE = new RegExp(String.raw`(?<!\d)(?<!\d,(?=\d{3}(?!\d)))(${NUMBER})([%‰])`, "g");
const FRACTION = /(?<![\d/])(\d+)\/(\d+)(?![\d/])/g;
const MONEY = new RegExp(String.raw`(us\$|[$¥€£]) ?(${NUMBER})([百千万亿]*)`, "g");
const YEAR = /(?<![\d.])(?!1000)[12]\d{3}(?=年|(?:到|至|和|、)[12]\d{3}年)/g;
const ANY_NUMBER = new RegExp(String.raw`([a-z]?)(${NUMBER}(?:\.\d+)*)`, "g");

function readDigits(text: string): string {
  return Array.from(text.matchAll(/\d/g), ([digit]) => DIGITS[Number(digit)]).join("");
}

/** Reads a whole number of up to four digits without leading zeros: 1015 → 一千零一十五, nothing → nothing. */
function readFour(digits: string): string {
  const words = Array.from(digits, (digit, index) =>
    digit === "0" ? "零" : DIGITS[Number(digit)] + PLACES[digits.length - 1 - index],
  );
  return words.join("").replace(/零+/g, "零").replace(/零$/, "");
}

/** Reads what stands above 亿 (10^8) or 万 (10^4) as a number of its own, then the rest. */
function readMyriads(digits: string): string {
  if (digits.length <= 4) return readFour(digits);
  const [width, unit] = digits.length > 8 ? [8, "亿"] : [4, "万"];
  const lower = digits.slice(-width);
  const rest = lower.replace(/^0+/, "");
  const gap = rest !== "" && rest.length < width ? "零" : "";
  return `${readMyriads(digits.slice(0, -width))}${unit}${gap}${readMyriads(rest)}`;
}

function readInteger(digits: string): string {
  const significant = digits.replace(/^0+/, "");
  if (significant === "") return "零";
  if (significant.length > 16) return readDigits(digits);
  return readMyriads(significant).replace(/^一十/, "十");
}

/** Reads a number as a quantity: `12,000.50` → 一万二千点五零. */
function readQuantity(number: string): string {
  const [whole, ...decimals] = number.replaceAll(",", "").split(".");
  return [readInteger(whole), ...decimals.map(readDigits)].join("点");
}

function isReadByDigits(number: string, afterLetter: boolean): boolean {
  if (!/^\d+$/.test(number)) return false;
  return (
    /^0\d/.test(number) ||
    (number.length >= 7 && !number.endsWith("000")) ||
    (afterLetter && number.length >= 3)
  );
}

/** Reads the two digits of minutes or seconds: 05 → 零五. */
function readSixtieth(digits: string): string {
  return `${digits.startsWith("0") ? "零" : ""}${readInteger(digits)}`;
}

function readClock(hours: string, minutes: string, seconds: string | undefined): string {
  const hour = `${readInteger(hours)}点`;
  if (seconds !== undefined) return `${hour}${readSixtieth(minutes)}分${readSixtieth(seconds)}秒`;
  return minutes === "00" ? hour : `${hour}${readSixtieth(minutes)}分`;
}

/** Writes every number in lower-case text with half-width digits as Chinese words. */
export function readChineseNumbers(text: string): string {
  return text
    .replace(
      DATE,
      (_, year: string, __, month: string, day: string) =>
        `${readDigits(year)}年${readInteger(month)}月${readInteger(day)}日`,
    )
    .replace(CLOCK, (_, hours: string, minutes: string, seconds?: string) =>
      readClock(hours, minutes, seconds),
    )
    .replace(TELEPHONE, readDigits)
    .replace(SPACED_DIGITS, (groups) =>
      groups.replaceAll(" ", "").length >= 7 ? readDigits(groups) : groups,
    )
    .replace(/(?<=\d%?)[-~–—](?=\d)/g, "到")
    .replace(/(?<=\d):(?=\d)/g, "比")
    .replace(/(?<![\da-z])[-−](?=\d)/g, "负")
    .replace(
      PERCENTAGE,
      (_, number: string, sign: string) => `${sign === "%" ? "百" : "千"}分之${readQuantity(number)}`,
    )
    .replace(
      FRACTION,
      (_, numerator: string, denominator: string) =>
        `${readInteger(denominator)}分之${readInteger(numerator)}`,
    )
    .replace(
      MONEY,
      (_, symbol: string, number: string, scale: string) => readQuantity(number) + scale + CURRENCIES[symbol],
    )
    .replace(YEAR, readDigits)
    .replace(
      ANY_NUMBER,
      (_, letter: string, number: string) =>
        letter + (isReadByDigits(number, letter !== "") ? readDigits(number) : readQuantity(number)),
    );
}
