// Which addresses webhooks may go to: public ones, and those of WEBHOOK_ALLOW_CIDRS. Asked when an address is given, and again
// for the very address that a connection is made to.
import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { BlockList, isIP } from "node:net";
import { getEnv } from "../platform/env";

export type Address = { address: string; family: number };
/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<Address[]>;

export const resolveName: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });

const listOf = (cidrs: string[]): BlockList => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", prefix] = cidr.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(address, prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix), family);
  }
  return list;
};

/** IANA's special-purpose registry: nothing of it is a host in the public internet. */
const NOT_PUBLIC_V4 = listOf([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
]);

/** Everything else is loopback, mapped or translated IPv4 (NAT64), unique local, link-local, multicast, or not given out. */
const GLOBAL_V6 = listOf(["2000::/3"]);
/** Protocols' own (Teredo, ORCHID, benchmarking), documentation, 6to4: parts of the above that lead elsewhere or nowhere. */
const NOT_PUBLIC_V6 = listOf(["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]);

const isPublic = (address: string): boolean =>
  isIP(address) === 4
    ? !NOT_PUBLIC_V4.check(address, "ipv4")
    : GLOBAL_V6.check(address, "ipv6") && !NOT_PUBLIC_V6.check(address, "ipv6");

let allowed: { cidrs: string[]; list: BlockList } | undefined;

const isLetThrough = (address: string): boolean => {
  const cidrs = getEnv().WEBHOOK_ALLOW_CIDRS;
  if (allowed?.cidrs !== cidrs) allowed = { cidrs, list: listOf(cidrs) };
  return allowed.list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
};

/** Names that only belong inside networks: of RFC 6761, 6762 and 8375, `internal`, which ICANN gives nobody, and its neighbours in use. */
const PRIVATE_NAME = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|home\.arpa)$/;

/**
 * @param isPrivateName names inside a network count only where WEBHOOK_ALLOW_CIDRS says so, whatever they resolve to
 * @returns whether a connection may be made to it
 */
const mayConnect = (address: string, isPrivateName: boolean): boolean => {
  // A zone names an interface of this machine.
  if (isIP(address) === 0 || address.includes("%")) return false;
  return isLetThrough(address) || (!isPrivateName && isPublic(address));
};

export const NOT_PUBLIC = "must not lead to an address that is not public";

/** The host without brackets and the root's dot. WHATWG URLs have written out every spelling of an IPv4 address by then. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");

/**
 * What can be said without asking anybody: form, scheme, addresses that are written out in whatever spelling, names inside networks.
 * @returns what is wrong, as in "url must be …"; null when nothing is
 */
export const refusalOfText = (text: string): string | null => {
  if (!URL.canParse(text)) return "must be an http or https address";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "must be an http or https address";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  const host = hostOf(url);
  if (isIP(host) !== 0) return mayConnect(host, false) ? null : NOT_PUBLIC;
  return PRIVATE_NAME.test(host) && getEnv().WEBHOOK_ALLOW_CIDRS.length === 0 ? NOT_PUBLIC : null;
};

const RESOLVE_MS = 3000;

/**
 * As refusalOfText, and asks what the name resolves to. A name that does not resolve now is accepted: it may later, and each
 * connection is checked anyway; but not one that only belongs inside networks.
 */
export const refusalOf = async (text: string, resolve: Resolve = resolveName): Promise<string | null> => {
  const refusal = refusalOfText(text);
  if (refusal !== null) return refusal;
  const host = hostOf(new URL(text));
  if (isIP(host) !== 0) return null;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Address[]>((done) => {
    timer = setTimeout(done, RESOLVE_MS, []);
  });
  const found = await Promise.race([resolve(host).catch((): Address[] => []), tooLate]);
  clearTimeout(timer);
  const isPrivateName = PRIVATE_NAME.test(host);
  if (found.length === 0) return isPrivateName ? NOT_PUBLIC : null;
  return found.every(({ address }) => mayConnect(address, isPrivateName)) ? null : NOT_PUBLIC;
};

/** A connection that was not made, since it would have led inside. */
export class AddressRefused extends Error {}

const refused = (host: string) => new AddressRefused(`${host} ${NOT_PUBLIC}`);

/**
 * For `http.request`: resolves a name and hands over its addresses only if each of them may be connected to. Nobody resolves it
 * again after that, so a name that answers differently the second time gains nothing.
 */
export const guardedLookup =
  (resolve: Resolve = resolveName): LookupFunction =>
  (hostname, options, done) => {
    const host = hostname.replace(/\.$/, "");
    resolve(hostname).then(
      (found) => {
        const isPrivateName = PRIVATE_NAME.test(host);
        const [first] = found;
        if (!first || !found.every(({ address }) => mayConnect(address, isPrivateName))) done(refused(host), "", 0);
        else if (options.all) done(null, found);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, "", 0),
    );
  };

/** Addresses that are written out are connected to without a lookup: so this comes before each request. @throws AddressRefused */
export const checkBeforeConnect = (url: URL): void => {
  if (refusalOfText(url.href) !== null) throw refused(url.host);
};
