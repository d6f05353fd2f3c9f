/** The parts of the page and their addresses: what stands after `#`. */

export type Route =
  | { page: "home" }
  | { page: "live" }
  | { page: "glossaries" }
  | { page: "corrections" }
  | { page: "job"; id: string }
  | { page: "compare"; id: string; other: string };

export function routeOf(hash: string): Route {
  const [page, id, other] = partsOf(hash);
  if (page === "job" && id) return { page, id };
  if (page === "compare" && id && other) return { page, id, other };
  if (page === "live" || page === "glossaries" || page === "corrections") return { page };
  return { page: "home" };
}

/** Addresses that nobody can read lead nowhere. */
function partsOf(hash: string): string[] {
  try {
    return hash
      .replace(/^#?\/?/, "")
      .split("/")
      .map(decodeURIComponent);
  } catch {
    return [];
  }
}
