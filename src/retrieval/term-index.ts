/**
 * What searching a list of terms for their sounds needs: every way in which each may be said, as labels, in one tree. Short lists are made
 * ready in an instant; a million terms take a quarter of a minute, so the indexes of long ones are kept on disk.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import writeFileAtomic from "write-file-atomic";
import { commonestWords, rarityOf } from "../context/extraction/word-rarity.ts";
import { spokenFormsOf } from "../context/extraction/spoken-forms.ts";
import type { Term } from "../context/term.ts";
import { resolveCacheFolder } from "../weights/cache-folder.ts";
import type { CtcLabels } from "./ctc-labels.ts";
import { LabelTrie, mostSequenceLabels } from "./label-trie.ts";

/** Changes whenever other sequences are made of the same terms, or they are kept otherwise. */
const indexVersion = 1;
/** Shorter lists are made ready faster than a file is looked for. */
export const shortestKept = 20_000;
/** Indexes that are kept, those used last. */
const mostKept = 8;

/** Stands for the commonest words, which no one asked for. */
export const noTerm = -1;

/** A list of terms as label sequences. */
export interface TermIndex {
  readonly trie: LabelTrie;
  /** Of each sequence the number of its term; `noTerm` for the commonest words. */
  readonly termOf: Int32Array;
  /** How many labels each sequence has. */
  readonly lengths: Uint8Array;
  /** 1 for sequences of letters, 0 for those of syllables. */
  readonly isSpelled: Uint8Array;
  /** Sequences from this number on are those of the commonest words. */
  readonly firstOther: number;
  /** Numbers of terms that cannot be written in the labels, with the reason for each. */
  readonly unspellable: readonly (readonly [term: number, reason: string])[];
}

export function buildTermIndex(terms: readonly Term[], labels: CtcLabels): TermIndex {
  const sequences: Uint8Array[] = [];
  const termOf: number[] = [];
  const known = new Set<string>();
  const unspellable: [number, string][] = [];
  for (const [index, term] of terms.entries()) {
    const forms = labelForms(term, labels);
    if ("problem" in forms) {
      unspellable.push([index, forms.problem]);
      continue;
    }
    for (const form of forms.sequences) {
      sequences.push(form);
      known.add(nameOf(form));
      termOf.push(index);
    }
  }
  const firstOther = sequences.length;
  for (const form of commonestForms(labels)) {
    if (known.has(nameOf(form))) continue;
    sequences.push(form);
    termOf.push(noTerm);
  }
  return {
    trie: new LabelTrie(sequences),
    termOf: Int32Array.from(termOf),
    lengths: Uint8Array.from(sequences, ({ length }) => length),
    isSpelled: Uint8Array.from(sequences, ([first]) => Number(first! <= labels.letters)),
    firstOther,
    unspellable,
  };
}

/**
 * The index of a list, from the cache when the same terms were made ready for the same labels before. What cannot be read is made again,
 * and where nothing can be written nothing is kept.
 *
 * @param cacheFolder whose `term-indexes` hold those of long lists; default as `resolveCacheFolder`
 */
export async function keptTermIndex(
  terms: readonly Term[],
  labels: CtcLabels,
  cacheFolder?: string,
): Promise<TermIndex> {
  if (terms.length < shortestKept) return buildTermIndex(terms, labels);
  const folder = join(resolveCacheFolder(cacheFolder), "term-indexes");
  const path = join(folder, `${nameOfList(terms, labels)}.bin`);
  const kept = await readFile(path).catch(() => null);
  if (kept !== null) {
    try {
      const index = deserialize(kept) as TermIndex;
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return index;
    } catch {
      // Damaged, or of another version of the runtime.
    }
  }
  const index = buildTermIndex(terms, labels);
  await keep(index, path, folder).catch(() => undefined);
  return index;
}

async function keep(index: TermIndex, path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(path, serialize({ ...index, trie: { ...index.trie } }));
  const files = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.endsWith(".bin"))
      .map(async (name) => ({ name, used: (await stat(join(folder, name))).mtimeMs })),
  );
  files.sort((a, b) => b.used - a.used);
  for (const { name } of files.slice(mostKept)) await rm(join(folder, name), { force: true });
}

/** The same for the same terms, ways of saying them and labels. */
function nameOfList(terms: readonly Term[], labels: CtcLabels): string {
  const hash = createHash("sha256").update(`${indexVersion} ${labels.name}\n`);
  for (const { text, spokenForms } of terms) hash.update(`${JSON.stringify([text, ...spokenForms])}\n`);
  return hash.digest("hex").slice(0, 32);
}

/** All ways in which a term may be said, in labels, or why there are none. */
export function labelForms(term: Term, labels: CtcLabels): { sequences: Uint8Array[] } | { problem: string } {
  const spoken = term.spokenForms.length > 0 ? term.spokenForms : spokenFormsOf(term.text);
  const sequences = new Map<string, Uint8Array>();
  let problem = "";
  for (const form of [term.text, ...spoken]) {
    const encoded = labels.encode(form);
    if ("problem" in encoded) problem ||= encoded.problem;
    else if (encoded.labels.length > mostSequenceLabels) {
      problem ||= `it has ${encoded.labels.length} letters or sounds, more than ${mostSequenceLabels}`;
    } else {
      const add = (sequence: Uint8Array) => sequences.set(nameOf(sequence), sequence);
      add(Uint8Array.from(encoded.labels));
      // Between words that are said quickly no space is heard; but "I T" is not "it".
      if (encoded.labels.includes(labels.space!) && rarityOf(form.replaceAll(" ", "").toLowerCase()) === 1)
        add(Uint8Array.from(encoded.labels.filter((label) => label !== labels.space)));
    }
  }
  return sequences.size > 0 ? { sequences: [...sequences.values()] } : { problem };
}

let commonest: Uint8Array[] | null = null;

/**
 * Of the commonest English words, as a background: where one of them fits better than a term that sounds like it, the term is hardly
 * said. Without letters there is none.
 */
function commonestForms(labels: CtcLabels): readonly Uint8Array[] {
  if (labels.letters === 0) return [];
  // Letters have the same numbers in all sets of labels that hold any.
  return (commonest ??= commonestWords().flatMap((word) => {
    const encoded = labels.encode(word);
    return "problem" in encoded ? [] : [Uint8Array.from(encoded.labels)];
  }));
}

function nameOf(sequence: Uint8Array): string {
  return Buffer.from(sequence.buffer, sequence.byteOffset, sequence.length).toString("latin1");
}
