/**
 * Adds to package-lock.json the packages for other platforms that npm left out.
 *
 *     npx tsx tools/complete-lockfile.ts
 *
 * npm writes no entry for an optional package that the registry at hand does not hold (a mirror that keeps packages for
 * one platform, say), and then `npm ci` refuses the lockfile everywhere. Their versions are exact in the package
 * that asks for them, and their names say the platform, so the entries can be written without the registry. They lack
 * only the hash of the content.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

interface LockedPackage {
  version?: string;
  cpu?: string[];
  dev?: boolean;
  libc?: string[];
  optional?: boolean;
  os?: string[];
  optionalDependencies?: Record<string, string>;
}

/** The parts of a lockfile of version 3 that are read here. */
export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

export const lockfilePath = fileURLToPath(new URL("../package-lock.json", import.meta.url));

/** Optional packages that a package of the lockfile asks for and that have no entry, by their place in the tree. */
export function missingOptionalPackages({ packages }: Lockfile): Map<string, LockedPackage> {
  const missing = new Map<string, LockedPackage>();
  for (const [place, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (placesOf(name, place).some((candidate) => candidate in packages)) continue;
      const { cpu, libc, os } = platformOf(name);
      // In npm's order, so that npm changes nothing when it writes the file next.
      missing.set(`node_modules/${name}`, { version, cpu, dev, libc, optional: true, os });
    }
  }
  return missing;
}

/** Where Node.js looks for a package that the package at `place` asks for. */
function placesOf(name: string, place: string): string[] {
  const folders = place.split("/node_modules/");
  const above = folders.map((_, depth) => folders.slice(0, depth + 1).join("/node_modules/"));
  return ["", ...above.filter((folder) => folder !== "").map((folder) => `${folder}/`)].map(
    (folder) => `${folder}node_modules/${name}`,
  );
}

/** `@rollup/rollup-linux-x64-musl` → Linux, x64, musl. */
function platformOf(name: string): Pick<LockedPackage, "cpu" | "libc" | "os"> {
  const [, os, cpu, abi] =
    /(android|darwin|freebsd|linux|openbsd|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  if (os === undefined || cpu === undefined) throw new Error(`${name}: the name does not say the platform`);
  const libc = os !== "linux" || abi === undefined ? undefined : abi.startsWith("musl") ? "musl" : "glibc";
  return { cpu: [cpu], libc: libc && [libc], os: [os] };
}

if (import.meta.url === pathToFileURL(argv[1] ?? "").href) {
  const lockfile = JSON.parse(readFileSync(lockfilePath, "utf8")) as Lockfile;
  const missing = missingOptionalPackages(lockfile);
  const packages = Object.entries(lockfile.packages).concat([...missing]);
  packages.sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(
    lockfilePath,
    `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(packages) }, null, 2)}\n`,
  );
  console.log(`added ${missing.size} packages`);
}
