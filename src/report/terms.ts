/** What became of the terms: missed, invented, heard, each with the passage and the recording at the spot. */
import type { RunScore, TermOccurrenceScore, UtteranceScore } from "../eval/records.ts";
import { alignedExcerpt } from "./alignment.ts";
import { type Markup, markup } from "./markup.ts";
import { counted } from "./numbers.ts";
import { type Playback, spotOf } from "./playback.ts";
import { folded, table } from "./table.ts";
import { utteranceAnchor } from "./utterances.ts";

type Side = "reference" | "hypothesis";

interface Occurrence extends TermOccurrenceScore {
  utterance: UtteranceScore;
}

const shownRows = 20;
const shownPlaces = 8;

/** The three tables of a run; a sentence where no term was said or written. */
export function termTables(run: RunScore, playback: Playback): Markup {
  const said = collect(run, "reference");
  const written = collect(run, "hypothesis");
  if (said.length + written.length === 0) return markup`<p>None of the terms was said or written.</p>`;
  const missed = said.filter(({ correct }) => !correct);
  const invented = written.filter(({ correct }) => !correct);
  return markup`<h3>Missed: ${missed.length} of ${counted(said.length, "spoken term")}</h3>${passages(run, missed, "reference", playback)}<h3>Invented: ${invented.length} of ${counted(written.length, "written term")}</h3>${passages(run, invented, "hypothesis", playback)}<h3>Heard: ${said.length - missed.length} of ${counted(said.length, "spoken term")}</h3>${heard(run, said, playback)}`;
}

function collect({ utterances }: RunScore, side: Side): Occurrence[] {
  return utterances.flatMap((utterance) => {
    const occurrences = side === "reference" ? utterance.referenceTerms : utterance.hypothesisTerms;
    return (occurrences ?? []).map((occurrence) => ({ ...occurrence, utterance }));
  });
}

/** Every occurrence with the words around it. */
function passages(
  run: RunScore,
  occurrences: readonly Occurrence[],
  side: Side,
  playback: Playback,
): Markup | null {
  if (occurrences.length === 0) return null;
  const caption =
    side === "reference"
      ? "Terms that were said and not heard: what was said stands above what was heard."
      : "Terms that were written where nobody said them.";
  return folded(occurrences, shownRows, side === "reference" ? "missed terms" : "invented terms", (part) =>
    table({
      caption,
      columns: [{ name: "Term" }, { name: "Passage" }, { name: "Recording" }],
      rows: part.map((occurrence) => [
        markup`${occurrence.term}${!occurrence.own && markup` <span class="note">distractor</span>`}`,
        alignedExcerpt(occurrence.utterance, side, occurrence),
        markup`${playAt(run, occurrence, side, playback)}${linkTo(run, occurrence)}`,
      ]),
    }),
  );
}

/** Heard terms, those with the most misses first, with links to the places where they were heard. */
function heard(run: RunScore, said: readonly Occurrence[], playback: Playback): Markup | null {
  const byTerm = new Map<string, { said: number; places: Occurrence[] }>();
  for (const occurrence of said) {
    const entry = byTerm.get(occurrence.term) ?? { said: 0, places: [] };
    entry.said++;
    if (occurrence.correct) entry.places.push(occurrence);
    byTerm.set(occurrence.term, entry);
  }
  const terms = [...byTerm]
    .filter(([, { places }]) => places.length > 0)
    .sort(
      ([leftTerm, left], [rightTerm, right]) =>
        right.said - right.places.length - (left.said - left.places.length) ||
        right.said - left.said ||
        (leftTerm < rightTerm ? -1 : 1),
    );
  if (terms.length === 0) return null;
  return folded(terms, shownRows, "heard terms", (part) =>
    table({
      caption: "Terms that were heard, those that were also missed first.",
      columns: [
        { name: "Term" },
        { name: "Said", isNumber: true },
        { name: "Heard", isNumber: true },
        { name: "Recording" },
      ],
      rows: part.map(([term, { said, places }]) => {
        const links = places
          .slice(0, shownPlaces)
          .map((place) => playAt(run, place, "reference", playback) ?? markup`${linkTo(run, place)} `);
        const more = places.length - shownPlaces;
        return [term, said, places.length, markup`${links}${more > 0 && `and ${more} more`}`];
      }),
      sortable: true,
    }),
  );
}

function playAt(run: RunScore, occurrence: Occurrence, side: Side, playback: Playback): Markup | null {
  const { utterance, term } = occurrence;
  return playback.link(utterance, {
    spot: spotOf(utterance, side, occurrence),
    speed: run.run.settings.perturbation.speed,
    label: `${term} in ${utterance.record.id}`,
  });
}

function linkTo({ run }: RunScore, { utterance }: Occurrence): Markup {
  return markup`<a href="#${utteranceAnchor(run.set, utterance.record.id)}">${utterance.record.id}</a>`;
}
