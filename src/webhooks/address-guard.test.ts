// No spelling of an internal address gets through: when it is registered, when it is connected to, as a redirect, as what a name
// resolves to. A canary listens on every address of this machine, and must hear nothing.
import { isIP } from "node:net";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { DomainError } from "../platform/errors";
import { makeUserId } from "../testing/engine";
import { type Receiver, useReceivers } from "../testing/receiver";
import { useTestServices } from "../testing/services";
import { type Address, guardedLookup, NOT_PUBLIC, type Resolve, refusalOf, refusalOfText } from "./address-guard";
import { createEndpoint, updateEndpoint } from "./endpoints";
import { sendOnce } from "./send";

/** Let through: where the redirects come from, and what a name may resolve to first. */
const LET_THROUGH = "127.0.0.9";
useTestServices({ WEBHOOK_ALLOW_CIDRS: `${LET_THROUGH}/32, 127.0.0.10` });
const makeReceiver = useReceivers();

let canary: Receiver;
let allowed: Receiver;
beforeAll(async () => {
  canary = await makeReceiver(undefined, "::").catch(() => makeReceiver(undefined, "0.0.0.0"));
  allowed = await makeReceiver(undefined, LET_THROUGH);
});

/** P stands for the canary's port. */
const SPELLINGS = [
  // Loopback, as IPv4 is written
  ...[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.1",
    "0x7f.0.1",
    "0177.0.0.1",
    "0177.1",
  ],
  ...[
    "017700000001",
    "127.0.0.1.",
    "127.000.000.001",
    "0177.0x0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.65535",
    "0x7fffffff",
  ],
  ...["%31%32%37.0.0.1", "%3127.0.0.1", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "127｡0｡0｡1", "127.0.0.1"],
  // This host
  ...["0", "0.0.0.0", "0x0", "00", "000.0.0.0", "0.1.2.3"],
  // Loopback and this host, as IPv6 is written
  ...[
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:0:0]",
  ],
  ...["[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]"],
  // IPv4 inside of IPv6: NAT64, 6to4, Teredo
  ...[
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:1::1]",
    "[2001::7f00:1]",
  ],
  ...["[2002:a00:1::1]", "[64:ff9b::a9fe:a9fe]", "[::ffff:169.254.169.254]", "[::ffff:10.0.0.1]", "[::ffff:8.8.8.8]"],
  // Private networks, link-local, shared, and what belongs to nobody
  ...[
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "0xc0a80001",
    "3232235521",
    "0300.0250.1",
  ],
  ...[
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.43518",
    "100.64.0.1",
    "100.127.255.255",
  ],
  ...[
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "224.0.0.1",
  ],
  ...[
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
  ],
  ...["[ff02::1]", "[100::1]", "[2001:db8::1]", "[2001:2::1]", "[3fff::1]", "[5f00::1]", "[4000::1]"],
  // Names
  ...[
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "localhost.",
    "a.localhost",
    "a.b.localhost.",
    "ｌocalhost",
    "localhost.localdomain",
  ],
  ...["metadata.google.internal", "db.internal.", "printer.local", "router.lan", "x.home.arpa"],
].map((host) => `http://${host}:P/hook`);

const WHOLE = [
  ...[
    "http:127.0.0.1:P/",
    "http:/127.0.0.1:P/",
    "http:\\\\127.0.0.1:P\\",
    "HTTP://127.0.0.1:P",
    " http://127.0.0.1:P ",
    "ht\ntp://12\t7.0.0.1:P/",
  ],
  ...[
    "http://user@127.0.0.1:P/",
    "http://user:pw@198.100.1.1/",
    "http://198.100.1.1@127.0.0.1:P/",
    "http://127.0.0.1:P\\@198.100.1.1/",
  ],
  ...[
    "https://127.0.0.1:P/",
    "https://[::1]:P/",
    "//127.0.0.1:P/",
    "ftp://198.100.1.1/",
    "file:///etc/passwd",
    "ws://127.0.0.1:P/",
  ],
  ...[
    "gopher://127.0.0.1:P/",
    "data:text/plain,x",
    "javascript:1",
    "http://",
    "http://[::1%25lo]:P/",
    "http://[fe80::1%eth0]:P/",
    "127.0.0.1:P",
    "",
  ],
  ...["http://127.0.0.1.:P#@198.100.1.1/", "http://127.0.0.1:P?.example.org"],
];

const written = (): string[] => [...SPELLINGS, ...WHOLE].map((text) => text.replaceAll(":P", `:${canary.port}`));

const send = (url: string, resolve?: Resolve) =>
  sendOnce({ url, body: "{}", headers: {} }, 2000, new AbortController(), resolve);

test("there are more than 60 spellings, and the canary would hear the plain one", async () => {
  expect(new Set(SPELLINGS).size).toBeGreaterThan(100);
  await fetch(`http://127.0.0.1:${canary.port}/`, { method: "POST", body: "{}" });
  expect(canary.received.splice(0)).toHaveLength(1);
});

test("none can be registered, nor an endpoint changed to it", async () => {
  const userId = makeUserId();
  const { webhookId } = await createEndpoint(userId, { url: "https://198.100.1.1/", active: true });
  for (const url of written()) {
    const refusals = await Promise.allSettled([
      createEndpoint(userId, { url, active: true }),
      updateEndpoint(userId, { webhookId, url }),
    ]);
    for (const refusal of refusals) {
      const reason = refusal.status === "rejected" ? refusal.reason : "accepted";
      expect({ url, reason }).toEqual({ url, reason: expect.any(DomainError) });
      expect(reason).toMatchObject({
        code: "INVALID_REQUEST",
        details: [{ path: "url", message: expect.any(String) }],
      });
    }
  }
  expect(canary.received).toEqual([]);
}, 60_000);

test("none is connected to", async () => {
  for (const url of written()) expect({ url, ...(await send(url)) }).toMatchObject({ url, statusCode: null });
  expect(canary.received).toEqual([]);
}, 60_000);

test("no redirect to one is followed, whichever status carries it", async () => {
  for (const [index, location] of written().entries()) {
    const status = [301, 302, 303, 307, 308][index % 5] ?? 302;
    // A header holds bytes: what is beyond them is sent as a browser would.
    allowed.reply(() => ({ status, headers: { Location: encodeURI(location.trim().replace(/[\n\t]/g, "")) } }));
    expect(await send(allowed.url)).toMatchObject({ statusCode: status, error: expect.stringMatching("not followed") });
  }
  expect(allowed.received.length).toBe(written().length);
  expect(canary.received).toEqual([]);
}, 60_000);

const family = (address: string) => ({ address, family: address.includes(":") ? 6 : 4 });

/** The addresses that the spellings mean, as a name server may answer them: written out, and as they are spelled. */
const internal = (): Address[] => {
  const plain = (host: string) => host.replace(/^\[(.*)\]$/, "$1");
  const hosts = SPELLINGS.map((text) => text.replace(":P", "")).flatMap((text) => [
    plain(new URL(text).hostname),
    plain(text.slice("http://".length, -"/hook".length)),
  ]);
  return [...new Set(hosts)].filter((host) => isIP(host) !== 0).map(family);
};
const ABROAD = family("198.100.1.1");

describe("names that resolve to one", () => {
  test("are refused when they are registered, also where other addresses are public", async () => {
    expect(internal().length).toBeGreaterThan(60);
    for (const address of internal())
      for (const found of [[address], [ABROAD, address], [address, ABROAD]])
        expect({ found, refusal: await refusalOf("http://rebind.example.org/", async () => found) }).toEqual({
          found,
          refusal: NOT_PUBLIC,
        });
  });

  test("are refused when they are connected to, though they were public when they were registered", async () => {
    for (const address of [...internal(), { address: "fe80::1%lo", family: 6 }, { address: "nonsense", family: 4 }]) {
      let asked = 0;
      const resolve: Resolve = async () => (asked++ === 0 ? [ABROAD] : [address]);
      const url = `http://rebind.example.org:${canary.port}/`;
      expect(await refusalOf(url, resolve)).toBeNull();
      expect(await send(url, resolve)).toMatchObject({
        statusCode: null,
        error: expect.stringContaining("must not lead to an address that is not public"),
      });
      expect(await send(url, async () => [ABROAD, address])).toMatchObject({ statusCode: null });
      expect(asked).toBe(2);
    }
    expect(canary.received).toEqual([]);
  });

  test("the address that is checked is the one that is connected to: nobody asks again", async () => {
    let asked = 0;
    const resolve: Resolve = async () => [family(asked++ === 0 ? LET_THROUGH : "127.0.0.1")];
    allowed.reply(() => ({ status: 200 }));
    expect(await send(`http://once.example.org:${allowed.port}/`, resolve)).toMatchObject({ statusCode: 200 });
    expect(asked).toBe(1);
  });

  test("one that does not resolve is registered, and fails when it is connected to", async () => {
    const resolve: Resolve = async () => Promise.reject(new Error("getaddrinfo ENOTFOUND"));
    expect(await refusalOf("https://not-yet.example.org/", resolve)).toBeNull();
    expect(await refusalOf("https://db.internal/", resolve)).toBe(NOT_PUBLIC);
    expect(await send("http://not-yet.example.org/", resolve)).toMatchObject({ error: "getaddrinfo ENOTFOUND" });
    expect(await send("http://nothing.example.org/", async () => [])).toMatchObject({ statusCode: null });
  });
});

test("WEBHOOK_ALLOW_CIDRS lets chosen ones through, in every spelling, and names that resolve to them alone", async () => {
  for (const host of [
    LET_THROUGH,
    "127.9",
    "0x7f000009",
    "2130706441",
    "0177.0.0.011",
    "127.0.0.10",
    "[::ffff:127.0.0.9]",
  ])
    expect({ host, refusal: await refusalOf(`http://${host}:1/`) }).toEqual({ host, refusal: null });
  const resolvesTo = (...addresses: string[]) => refusalOf("http://db.internal/", async () => addresses.map(family));
  expect(await resolvesTo(LET_THROUGH, "127.0.0.10")).toBeNull();
  expect(await resolvesTo(LET_THROUGH, "127.0.0.1")).toBe(NOT_PUBLIC);
  // A name that only belongs inside does not lead outside.
  expect(await resolvesTo("198.100.1.1")).toBe(NOT_PUBLIC);
});

test("public addresses are let through", async () => {
  for (const host of [
    "1.1.1.1",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.1",
    "100.128.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "[2606:4700::1]",
  ])
    expect({ host, refusal: refusalOfText(`https://${host}/hook?x=1`) }).toEqual({ host, refusal: null });
  expect(refusalOfText("https://example.org:8443/hook")).toBeNull();
});

/** The registry once more, as arithmetic. */
const isInternal = (n: number): boolean => {
  const [a, b, c] = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255];
  if (n === 0x7f000009 || n === 0x7f00000a) return false;
  return (
    [0, 10, 127].includes(a) ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && ((b === 0 && (c === 0 || c === 2)) || b === 168)) ||
    (a === 192 &&
      ((b === 31 && c === 196) || (b === 52 && c === 193) || (b === 88 && c === 99) || (b === 175 && c === 48))) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113)
  );
};

test("any IPv4 address is judged the same in each spelling, by the registry", () => {
  const edges = [
    0x0a000000, 0x64400000, 0x7f000000, 0xa9fe0000, 0xac100000, 0xc0000000, 0xc0000200, 0xc0a80000, 0xc6120000,
    0xc6336400,
  ];
  const nearEdge = fc
    .tuple(fc.constantFrom(...edges, 0xcb007100, 0xe0000000), fc.integer({ min: -300, max: 300 }))
    .map(([edge, by]) => (edge + by) >>> 0);
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), nearEdge), (n) => {
      const octets = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
      const hosts = [
        octets.join("."),
        String(n),
        `0x${n.toString(16)}`,
        `0${n.toString(8)}`,
        octets.map((octet) => `0x${octet.toString(16)}`).join("."),
        octets.map((octet) => `0${octet.toString(8)}`).join("."),
        `${octets[0]}.${n & 0xffffff}`,
        `${octets.join(".")}.`,
      ];
      const wanted = isInternal(n) ? NOT_PUBLIC : null;
      for (const host of hosts)
        expect({ host, refusal: refusalOfText(`http://${host}/`) }).toEqual({ host, refusal: wanted });
    }),
    { numRuns: 2000 },
  );
});

test("of IPv6 only global unicast is public", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (!URL.canParse(`http://[${address}]/`)) return;
      const first = Number.parseInt(new URL(`http://[${address}]/`).hostname.slice(1).split(":")[0] || "0", 16);
      const isGlobal = first >= 0x2000 && first < 0x4000;
      const refusal = refusalOfText(`http://[${address}]/`);
      if (!isGlobal) expect({ address, refusal }).toEqual({ address, refusal: NOT_PUBLIC });
      else if (![0x2001, 0x2002, 0x2620, 0x3fff].includes(first))
        expect({ address, refusal }).toEqual({ address, refusal: null });
    }),
    { numRuns: 2000 },
  );
});

test("the lookup answers as node asks for it: one address, or all", async () => {
  const found = [family("198.100.1.1"), family("198.100.1.2")];
  const ask = (all: boolean) =>
    new Promise((done) => {
      guardedLookup(async () => found)("example.org", { all }, (error, ...answer) => done([error, ...answer]));
    });
  expect(await ask(true)).toEqual([null, found]);
  expect(await ask(false)).toEqual([null, "198.100.1.1", 4]);
});
