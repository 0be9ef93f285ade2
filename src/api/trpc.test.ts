// /api/trpc over HTTP: who may call, how errors look, and the live stream.
import { encode } from "next-auth/jwt";
import { beforeAll, describe, expect, test } from "vitest";
import { createSignIn, endSignIn } from "../accounts/sign-in";
import { getEnv } from "../platform/env";
import { publishLive } from "../platform/live";
import { type SseEvent, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { site, call, readEvents } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

/** The cookie that next-auth sets after signing in. */
const sessionCookie = async ({ userId, email }: Account, sid: string): Promise<string> =>
  `other=1; next-auth.session-token=${await encode({ token: { sub: userId, email, sid }, secret: getEnv().NEXTAUTH_SECRET })}`;

const create = (headers: Record<string, string>) =>
  call("POST", "/api/trpc/tasks.create", { body: { name: "a", config: {} }, headers });
const errorData = (answer: Awaited<ReturnType<typeof call>>) =>
  (answer.json.error as { data: Record<string, unknown> }).data;

describe("who calls", () => {
  test("a bearer and a session cookie are the same account", async () => {
    const me = { userId: account.userId, email: account.email, role: "member", tier: "standard" };
    expect((await call("GET", "/api/trpc/accounts.me", { key: account.key })).json).toEqual({ result: { data: me } });
    const cookie = await sessionCookie(account, await createSignIn(account.userId));
    expect((await call("GET", "/api/trpc/accounts.me", { headers: { Cookie: cookie } })).json).toEqual({
      result: { data: me },
    });
  });

  test("a sign-in that was ended, one of another account, and a made-up cookie are AUTH_REQUIRED", async () => {
    const sid = await createSignIn(account.userId);
    await endSignIn(sid);
    const other = await makeAccount();
    const foreign = await sessionCookie(account, await createSignIn(other.userId));
    for (const cookie of [
      await sessionCookie(account, sid),
      await sessionCookie(account, "sid_nope"),
      foreign,
      "next-auth.session-token=nonsense",
      "next-auth.session-token=",
      "nonsense",
    ])
      expect(errorData(await call("GET", "/api/trpc/accounts.me", { headers: { Cookie: cookie } }))).toMatchObject({
        code: "AUTH_REQUIRED",
        httpStatus: 401,
      });
  });

  test("with a cookie, only our own pages may change things", async () => {
    const cookie = await sessionCookie(account, await createSignIn(account.userId));
    const from = (headers: Record<string, string>) => create({ Cookie: cookie, ...headers });
    const foreign = [
      await from({ "Sec-Fetch-Site": "cross-site" }),
      await from({ "Sec-Fetch-Site": "same-site" }),
      await from({ Origin: "https://evil.example" }),
      await from({ Origin: "null" }),
    ];
    for (const answer of foreign) expect(errorData(answer)).toMatchObject({ code: "FORBIDDEN", httpStatus: 403 });
    const own = [await from({ "Sec-Fetch-Site": "same-origin" }), await from({ Origin: site.url }), await from({})];
    expect(own.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const withKey = { Authorization: `Bearer ${account.key}`, Origin: "https://other.example" };
    expect((await create({ ...withKey, "Sec-Fetch-Site": "cross-site" })).status).toBe(200);
  });

  test("a mutation is not possible with GET", async () => {
    expect(
      (
        await call("GET", `/api/trpc/tasks.create?input=${encodeURIComponent('{"name":"a","config":{}}')}`, {
          key: account.key,
        })
      ).status,
    ).toBe(405);
  });
});

describe("errors", () => {
  test("carry code, requestId, details and a sentence, and no stack", async () => {
    const answer = await call("POST", "/api/trpc/tasks.create", {
      key: account.key,
      body: { name: 1, config: {}, resources: { memoryMb: "x" } },
    });
    expect(answer.status).toBe(400);
    expect(errorData(answer)).toEqual({
      code: "INVALID_REQUEST",
      httpStatus: 400,
      path: "tasks.create",
      requestId: answer.headers.get("X-Request-Id"),
      sentence: "name must be text, not a number.",
      details: [
        { path: "name", message: "must be text, not a number" },
        { path: "resources.memoryMb", message: "must be a number, not text" },
      ],
    });
  });

  test("a body that is no JSON, too large, or deep", async () => {
    const send = (text: string) =>
      call("POST", "/api/trpc/tasks.create", {
        key: account.key,
        text,
        headers: { "Content-Type": "application/json" },
      });
    expect(errorData(await send("{"))).toMatchObject({ code: "INVALID_REQUEST" });
    expect(errorData(await send(`{"name":"${"x".repeat(2_000_000)}"}`))).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      httpStatus: 413,
    });
    expect(
      errorData(await send(`{"name":"a","config":{"x":${"[".repeat(400_000)}${"]".repeat(400_000)}}}`)),
    ).toMatchObject({ code: "INVALID_CONFIG" });
    expect(errorData(await send('{"name":"a","config":{"lr":1e400}}'))).toMatchObject({
      code: "INVALID_CONFIG",
      details: [{ path: "config.lr" }],
    });
  });

  test("an unknown procedure is NOT_FOUND", async () => {
    expect(errorData(await call("GET", "/api/trpc/tasks.nope", { key: account.key }))).toMatchObject({
      code: "NOT_FOUND",
      httpStatus: 404,
    });
  });
});

describe("live.events", () => {
  type Hint = { kind: string; userId?: string; taskId?: string };
  const watch = (until: (hints: Hint[]) => boolean, options: { lastEventId?: string; onOpen?: () => void } = {}) => {
    const { lastEventId, onOpen = () => {} } = options;
    const path = `/api/trpc/live.events?input=${encodeURIComponent(JSON.stringify({ lastEventId }))}`;
    const headers = { Authorization: `Bearer ${account.key}`, Accept: "text/event-stream" };
    return readEvents(path, { headers, onOpen, until: (events) => until(hintsIn(events)) });
  };
  const hintsIn = (events: SseEvent[]): Hint[] =>
    events.flatMap((one) => (one.event === "message" ? (one.data as Hint[]) : []));

  test("pushes hints of the account and of what all share, in batches with an id", async () => {
    const other = await makeAccount();
    const publish = () =>
      publishLive([
        { kind: "task", userId: other.userId, taskId: "task_2", status: "running" },
        { kind: "task", userId: account.userId, taskId: "task_1", status: "queued" },
        { kind: "task", userId: account.userId, taskId: "task_1", status: "running" },
        { kind: "queue", queue: "default" },
      ]);
    // Until the subscription stands, hints may be missed.
    const timer = setInterval(publish, 50);
    const events = await watch((hints) => hints.some((hint) => hint.kind === "queue"), { onOpen: publish });
    clearInterval(timer);
    expect(hintsIn(events)).toContainEqual({
      kind: "task",
      userId: account.userId,
      taskId: "task_1",
      status: "running",
    });
    expect(JSON.stringify(events)).not.toContain(other.userId);
    const batch = events.find((one) => one.event === "message");
    expect(batch?.id).toMatch(/^\d+$/);
    expect(hintsIn(batch ? [batch] : []).filter((hint) => hint.taskId === "task_1")).toHaveLength(1);
  });

  test("sends at most one batch a second", async () => {
    const timer = setInterval(() => publishLive([{ kind: "worker" }]), 20);
    const times: number[] = [];
    await watch((hints) => {
      if (hints.length > times.length) times.push(Date.now());
      return times.length === 3;
    });
    clearInterval(timer);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1900);
  });

  test("a created task reaches the page", async () => {
    const events = await watch((hints) => hints.some((hint) => hint.kind === "task" && hint.taskId !== "task_1"), {
      onOpen: () => void create({ Authorization: `Bearer ${account.key}` }),
    });
    // A hint of the test before may still be under way.
    const hints = hintsIn(events).filter(({ kind }) => kind !== "worker");
    expect(hints).toMatchObject([{ kind: "task", userId: account.userId, status: "queued" }]);
  });

  test("a client that comes back is told to resync", async () => {
    expect(hintsIn(await watch((hints) => hints.length > 0, { lastEventId: "7" }))).toEqual([{ kind: "resync" }]);
  });

  test("without a sign-in there is no stream", async () => {
    expect(errorData(await call("GET", "/api/trpc/tasks.counts"))).toMatchObject({ code: "AUTH_REQUIRED" });
    expect((await call("GET", "/api/trpc/live.events", { headers: { Accept: "text/event-stream" } })).text).toContain(
      "AUTH_REQUIRED",
    );
  });
});
