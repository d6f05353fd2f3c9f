/** A text cut where a search found something. */
export function markedParts(content: string, query: string): { part: string; isMarked: boolean }[] {
  const words = query
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return [{ part: content, isMarked: false }];
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return content
    .split(new RegExp(`(${escaped.join("|")})`, "giu"))
    .map((part, index) => ({ part, isMarked: index % 2 === 1 }))
    .filter(({ part }) => part !== "");
}
