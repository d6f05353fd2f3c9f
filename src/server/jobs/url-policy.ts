/**
 * Which addresses the server may turn to by itself: hosts that the person who runs it has allowed, at public addresses
 * only. Without that, a request could make the server read what only the server can reach (SSRF).
 */
import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { fieldProblem } from "../http/problem.ts";

/**
 * @param hosts names, or `*.` and a name for all below it, or `*` for all
 * @throws Problem 400 that names the field
 */
export function checkUrl(text: string, hosts: readonly string[], field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw fieldProblem(field, "expected an address that begins with https:// or http://");
  }
  if (url.username !== "" || url.password !== "")
    throw fieldProblem(field, "must not hold a user name or password");
  if (hosts.length === 0) {
    throw fieldProblem(field, "this server turns to no addresses; it is started with --allow-host to let it");
  }
  if (!isAllowedHost(url.hostname, hosts))
    throw fieldProblem(field, `the host ${url.hostname} is not allowed`);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal) && !isPublicAddress(literal))
    throw fieldProblem(field, `${literal} is no public address`);
  return url;
}

export function isAllowedHost(host: string, hosts: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return hosts.some((pattern) => {
    const allowed = pattern.toLowerCase();
    if (allowed === "*") return true;
    return allowed.startsWith("*.") ? name.endsWith(allowed.slice(1)) : name === allowed;
  });
}

/** Whether an IP address is one of the public Internet: not private, local, reserved, or of a special use. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` takes IPv4 addresses out of their IPv6 form.
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  if (parsed.kind() === "ipv6") {
    // All public ones are in 2000::/3; of those, 6to4 leads to IPv4 addresses that may be private.
    const [first] = (parsed as ipaddr.IPv6).parts;
    return first! >= 0x2000 && first! <= 0x3fff && first !== 0x2002;
  }
  return true;
}

/**
 * Looks names up for a connection and refuses those of private addresses. The connection is made to the address that
 * was checked, so a name cannot point elsewhere a moment later.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused || addresses.length === 0) {
      return callback(new Error(`${hostname} is no public address`), "", 0);
    }
    if (options.all) return callback(null, addresses);
    return callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
