/**
 * English spelling to sounds by rules: no dictionary, so that names and made-up words get sounds like any other. Both what was
 * heard and what is looked for go through the same rules, which matters more than that the sounds are right.
 *
 * Rules in the manner of Elovitz, Johnson, McHugh and Shore, "Letter-to-sound rules for automatic translation of English text
 * to phonetics" (1976), written anew and far fewer.
 */
import { phone } from "./phones.ts";

/** Letters, their sounds, and what must stand before and after them. The first rule that fits at a place is taken. */
type Rule = readonly [letters: string, sounds: string, before?: RegExp, after?: RegExp];

const vowelLetter = "[aeiouy]";
/** A consonant and an e that is not said: the vowel before is long. */
const longBefore = /^[^aeiouyrwx](?:e|es|ed|ely|ing|er|ers)$/;
const atStart = /^$/;
const atEnd = /^$/;

const rules: readonly Rule[] = [
  // a
  ["augh", "AO"],
  ["aigh", "EY"],
  ["ai", "EY"],
  ["ay", "EY"],
  ["au", "AO"],
  ["aw", "AO"],
  ["ae", "IY"],
  ["alk", "AO K"],
  ["all", "AO L"],
  ["are", "EH R", undefined, atEnd],
  ["air", "EH R"],
  ["ar", "AA R"],
  ["age", "IH JH", /[^aeiou].*[aeiou].*$/, atEnd],
  ["ate", "EY T", undefined, atEnd],
  ["a", "AH", /[aeiouy].*$/, atEnd],
  ["a", "AH", undefined, atEnd],
  ["a", "EY", undefined, longBefore],
  ["a", "EY", undefined, /^(?:ti|ci|si)o?/],
  ["a", "AA", /(?:^|[^q])[wW]$|qu$/],
  ["a", "AE"],
  // b
  ["bb", "B"],
  ["b", "", /m$/, atEnd],
  ["b", "B"],
  // c
  ["cch", "K"],
  ["ck", "K"],
  ["ch", "K", undefined, /^(?:r|l|e?m)/],
  ["ch", "CH"],
  ["cia", "SH AH"],
  ["ciou", "SH AH"],
  ["cc", "K S", undefined, /^[eiy]/],
  ["cc", "K"],
  ["cq", "K"],
  ["c", "S", undefined, /^[eiy]/],
  ["c", "K"],
  // d
  ["dge", "JH"],
  ["dg", "JH", undefined, /^[iy]/],
  ["dd", "D"],
  ["d", "D"],
  // e
  ["eau", "OW"],
  ["eigh", "EY"],
  ["ee", "IY"],
  ["ear", "IH R"],
  ["ea", "IY"],
  ["ei", "AY"],
  ["ey", "IY", undefined, atEnd],
  ["ey", "EY"],
  ["eu", "Y UW"],
  ["ew", "Y UW"],
  ["er", "ER", undefined, /^(?:[^aeiouy]|$)/],
  ["er", "EH R"],
  ["ed", "T", /[pkfsxc]h?$/, atEnd],
  ["ed", "D", /[bgvzlmnrwy]$/, atEnd],
  ["es", "Z", /[bdgvlmnrwptkf]$/, atEnd],
  ["e", "", /[aeiouy].*[^aeiouy]$|^.?[aeiouy].*$/, atEnd],
  ["e", "IY", /^[^aeiouy]*$/, atEnd],
  ["e", "IY", /^[^aeiouy]*$/, longBefore],
  ["e", "EH"],
  // f
  ["ff", "F"],
  ["f", "F"],
  // g
  ["ght", "T"],
  ["gh", "G", atStart],
  ["gh", ""],
  ["gn", "N", atStart],
  ["gn", "N", undefined, atEnd],
  ["gg", "G"],
  ["g", "JH", undefined, /^(?:e(?!t)|i[aoun]|y|i$|ir|im|ib)/],
  ["g", "G"],
  // h
  ["h", "", /[aeiou]$/, /^(?:$|[^aeiouy])/],
  ["h", "", /[rk]$/],
  ["h", "H"],
  // i
  ["igh", "AY"],
  ["ign", "AY N", undefined, atEnd],
  ["ie", "IY", undefined, /^[^$]/],
  ["ie", "AY", /^[^aeiouy]*$/, atEnd],
  ["ie", "IY"],
  ["ier", "IY ER"],
  ["ir", "ER", undefined, /^(?:[^aeiouy]|$)/],
  ["ique", "IY K"],
  ["i", "AY", undefined, longBefore],
  ["i", "AY", /^[^aeiouy]*$/, atEnd],
  ["i", "IY", undefined, atEnd],
  ["i", "AY", undefined, /^nd$/],
  ["i", "IY", undefined, /^[ao]/],
  ["i", "IH"],
  // j, k, l
  ["j", "JH"],
  ["kn", "N", atStart],
  ["kk", "K"],
  ["k", "K"],
  ["ll", "L"],
  ["le", "AH L", /[^aeiouylr]$/, atEnd],
  ["l", "L"],
  // m, n
  ["mm", "M"],
  ["mn", "M", undefined, atEnd],
  ["m", "M"],
  ["nn", "N"],
  ["ng", "NG", undefined, /^(?:$|s$|[^aeiouylr])/],
  ["ng", "N JH", undefined, /^e$/],
  ["nk", "NG K"],
  ["nx", "NG K S"],
  ["n", "N"],
  // o
  ["ough", "OW"],
  ["oo", "UW"],
  ["ould", "UH D"],
  ["ous", "AH S", undefined, atEnd],
  ["ou", "AW"],
  ["own", "AW N"],
  ["ow", "OW", undefined, atEnd],
  ["ow", "AW"],
  ["oi", "OY"],
  ["oy", "OY"],
  ["oa", "OW"],
  ["oe", "OW", undefined, atEnd],
  ["or", "AO R"],
  ["old", "OW L D"],
  ["o", "OW", undefined, longBefore],
  ["o", "OW", undefined, atEnd],
  ["o", "OW", undefined, /^[^aeiouyrwx][aeiou]/],
  ["o", "AA"],
  // p, q
  ["ph", "F"],
  ["ps", "S", atStart],
  ["pp", "P"],
  ["p", "P"],
  ["que", "K", undefined, atEnd],
  ["qu", "K W"],
  ["qw", "K W"],
  ["q", "K"],
  // r
  ["rh", "R"],
  ["rr", "R"],
  ["r", "R"],
  // s
  ["sch", "S K"],
  ["sh", "SH"],
  ["ssion", "SH AH N"],
  ["sion", "ZH AH N"],
  ["sure", "ZH ER"],
  ["ss", "S"],
  ["sc", "S", undefined, /^[eiy]/],
  ["sm", "Z AH M", /[aeiou]$/, atEnd],
  ["s", "Z", /[bdgvlmnrwaeioy]$/, atEnd],
  ["s", "Z", /[aeiouy]$/, /^[aeiouy]/],
  ["s", "S"],
  // t
  ["tion", "SH AH N"],
  ["tia", "SH AH"],
  ["tious", "SH AH S"],
  ["ture", "CH ER"],
  ["tch", "CH"],
  ["th", "TH"],
  ["tt", "T"],
  ["t", "", /[fs]$/, /^(?:en|le)$/],
  ["t", "T"],
  // u
  ["ur", "ER", undefined, /^(?:[^aeiouy]|$)/],
  ["ue", "UW", undefined, atEnd],
  ["ui", "UW", undefined, /^[^aeiou]/],
  ["u", "", /g$/, /^[eiy]/],
  ["u", "UW", undefined, longBefore],
  ["u", "UW", undefined, atEnd],
  ["u", "Y UW", atStart, /^[^aeiouy][aeiouy]/],
  ["u", "UW", undefined, /^[^aeiouyrwx][aeiou]/],
  ["u", "AH"],
  // v, w, x, y, z
  ["v", "V"],
  ["vv", "V"],
  ["wr", "R", atStart],
  ["wh", "H", undefined, /^o/],
  ["wh", "W"],
  ["w", "W"],
  ["x", "Z", atStart],
  ["x", "K S"],
  ["y", "Y", atStart, new RegExp(`^${vowelLetter}`)],
  ["y", "AY", /^[^aeiouy]*$/, atEnd],
  ["y", "IY", undefined, atEnd],
  ["y", "IH"],
  ["zz", "Z"],
  ["z", "Z"],
];

const letterNames: Readonly<Record<string, string>> = {
  a: "EY",
  b: "B IY",
  c: "S IY",
  d: "D IY",
  e: "IY",
  f: "EH F",
  g: "JH IY",
  h: "EY CH",
  i: "AY",
  j: "JH EY",
  k: "K EY",
  l: "EH L",
  m: "EH M",
  n: "EH N",
  o: "OW",
  p: "P IY",
  q: "K Y UW",
  r: "AA R",
  s: "EH S",
  t: "T IY",
  u: "Y UW",
  v: "V IY",
  w: "D AH B AH L Y UW",
  x: "EH K S",
  y: "W AY",
  z: "Z IY",
};

/** The commonest words that no rule gets right, numbers above all, because terms hold them. */
const irregular: Readonly<Record<string, string>> = {
  one: "W AH N",
  two: "T UW",
  four: "F AO R",
  eight: "EY T",
  zero: "Z IY R OW",
  seven: "S EH V AH N",
  eleven: "IH L EH V AH N",
  the: "TH AH",
  of: "AH V",
  to: "T UW",
  do: "D UW",
  you: "Y UW",
  who: "H UW",
  was: "W AA Z",
  is: "IH Z",
  as: "AE Z",
  has: "H AE Z",
  his: "H IH Z",
  have: "H AE V",
  give: "G IH V",
  live: "L IH V",
  are: "AA R",
  said: "S EH D",
  what: "W AH T",
  there: "TH EH R",
  their: "TH EH R",
  they: "TH EY",
  were: "W ER",
  been: "B IH N",
  some: "S AH M",
  come: "K AH M",
  done: "D AH N",
  none: "N AH N",
  once: "W AH N S",
  people: "P IY P AH L",
  through: "TH R UW",
  could: "K UH D",
  data: "D EY T AH",
};

interface CompiledRule {
  readonly letters: string;
  readonly sounds: readonly number[];
  readonly before: RegExp | undefined;
  readonly after: RegExp | undefined;
}

const compile = (sounds: string) => (sounds === "" ? [] : sounds.split(" ").map(phone));

const rulesByLetter = new Map<string, CompiledRule[]>();
for (const [letters, sounds, before, after] of rules) {
  const first = letters[0]!;
  if (!rulesByLetter.has(first)) rulesByLetter.set(first, []);
  rulesByLetter.get(first)!.push({
    letters,
    sounds: compile(sounds),
    before:
      before &&
      (before === atStart
        ? before
        : new RegExp(before.source.endsWith("$") ? before.source : `${before.source}$`)),
    after,
  });
}
const compiledIrregular = new Map(Object.entries(irregular).map(([word, sounds]) => [word, compile(sounds)]));
const compiledLetters = new Map(
  Object.entries(letterNames).map(([letter, sounds]) => [letter, compile(sounds)]),
);

/**
 * The sounds of a word.
 * @param word letters a to z in lower case; anything else is passed over
 */
export function englishSounds(word: string): readonly number[] {
  const known = compiledIrregular.get(word);
  if (known) return known;
  const sounds: number[] = [];
  for (let i = 0; i < word.length;) {
    const rule = rulesByLetter.get(word[i]!)?.find((candidate) => fits(candidate, word, i));
    if (rule === undefined) {
      i++;
      continue;
    }
    for (const sound of rule.sounds) if (sounds.at(-1) !== sound) sounds.push(sound);
    i += rule.letters.length;
  }
  return sounds;
}

function fits(rule: CompiledRule, word: string, at: number): boolean {
  if (!word.startsWith(rule.letters, at)) return false;
  if (rule.before !== undefined && !rule.before.test(word.slice(0, at))) return false;
  return rule.after === undefined || rule.after.test(word.slice(at + rule.letters.length));
}

/** The name of a letter a to z; nothing for anything else. */
export function letterSounds(letter: string): readonly number[] {
  return compiledLetters.get(letter.toLowerCase()) ?? [];
}
