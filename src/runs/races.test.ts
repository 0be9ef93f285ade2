// Drivers and people at once: each race has one winner, and what it leaves behind is of that winner alone.
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { newId } from "../platform/ids";
import { type Account, makeAccount } from "../testing/make";
import { outcome } from "../testing/outcome";
import { useTestServices } from "../testing/services";
import { cancelRun, retryRun } from "./cancel";
import { claimIn, claimRun, startRun } from "./claim";
import { createRuns, removeRun, updateRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup } from "./groups";
import { getRun } from "./read-runs";
import { moveRuns, reorderRuns } from "./reorder";
import type { Run } from "./run";
import { appendRunLogs } from "./run-output";
import { removeGroup, removeUnit } from "./trash";
import { createUnit, getUnit, pauseUnit } from "./units";

useTestServices();

/** Of a claim with a cancel, an edit, a reorder, a removal: this many, so many at once, each over a unit of its own. */
const CLAIM_ROUNDS = 1000;
const AT_ONCE = 16;
/** Of the others, one after the other. */
const ROUNDS = 50;

let me: Account;
let groupId: string;
beforeAll(async () => {
  me = await makeAccount();
  groupId = (await createGroup(me.userId, { name: "races", metadata: {} })).groupId;
});

const newUnit = async (): Promise<string> => {
  const input = { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 };
  return (await createUnit(me.userId, input)).unitId;
};
const addRuns = async (unitId: string, count: number): Promise<string[]> => {
  const runs = Array.from({ length: count }, (_, n) => ({ parameters: { n }, metadata: {} }));
  return (await createRuns(me.userId, { unitId, runs, createdBy: "web" })).map((run) => run.runId);
};
const refused = { code: "INVALID_QUEUE_STATUS" };
const claim = async (unitId: string) => (await claimRun(me.userId, { unitId })).run;
/** As another web server would: claims of one process go together into one transaction. */
const claimElsewhere = async (unitId: string, claimKey?: string) => {
  const [run = null] = await getSql().begin((sql) => claimIn(sql, me.userId, [{ unitId, claimKey }]));
  return run;
};
/** A claim that starts some round trips late, other ones in each round, so that each side wins sometimes. */
const claimLate = async (unitId: string, round: number) => {
  for (let n = 0; n < round % 5; n++) await getSql()`SELECT 1`;
  return claim(unitId);
};
/** Which side won, by round: a race that one side always wins shows nothing. */
const bothWon = (claimWon: boolean[]) => expect(new Set(claimWon)).toEqual(new Set([true, false]));

/** The units of all rounds in one statement each, as createUnit and createRuns leave them: made one by one, they would be most of the work. */
const makeUnits = async (runsEach: number): Promise<{ unitId: string; runIds: string[] }[]> => {
  const made = Array.from({ length: CLAIM_ROUNDS }, () => ({
    unitId: newId("unit"),
    runIds: Array.from({ length: runsEach }, () => newId("run")),
  }));
  await getSql().begin(async (sql) => {
    await sql`
      INSERT INTO units (id, group_id, user_id, name, version)
      SELECT id, ${groupId}, ${me.userId}, 'u', 2 FROM unnest(${made.map((one) => one.unitId)}::text[]) AS id`;
    const rows = made.flatMap(({ unitId, runIds }) =>
      runIds.map((id, n) => ({ id, unit_id: unitId, place: n + 1, name: `n=${n}`, parameters: { n } })),
    );
    await sql`
      INSERT INTO runs (id, unit_id, user_id, place, name, parameters)
      SELECT g.id, g.unit_id, ${me.userId}, g.place, g.name, g.parameters
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) AS g(id text, unit_id text, place int8, name text, parameters jsonb)`;
  });
  return made;
};

/** Plays all rounds. @param play a round; answers whether the claim won it */
const claimRaces = async (
  runsEach: number,
  play: (unitId: string, runIds: string[], round: number) => Promise<boolean>,
): Promise<void> => {
  const claimWon: boolean[] = [];
  const left = (await makeUnits(runsEach)).entries();
  const lane = async () => {
    for (const [round, { unitId, runIds }] of left) claimWon.push(await play(unitId, runIds, round));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  expect(claimWon).toHaveLength(CLAIM_ROUNDS);
  bothWon(claimWon);
};

test("of ten drivers that claim the last pending run one gets it, the others null", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const unitId = await newUnit();
    const [runId] = await addRuns(unitId, 1);
    const drivers = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? claim(unitId) : claimElsewhere(unitId)));
    const got = await Promise.all(drivers);
    expect(got.filter((run) => run !== null).map((run) => [run.runId, run.attempt])).toEqual([[runId, 1]]);
  }
});

test("of ten that start and claim the same run one gets it", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const unitId = await newUnit();
    const [runId = ""] = await addRuns(unitId, 1);
    const starts = Array.from({ length: 5 }, () => outcome(startRun(me.userId, { runId })));
    const claims = Array.from({ length: 5 }, () => claimElsewhere(unitId));
    const started = (await Promise.all(starts)).filter((one) => "value" in one).length;
    const claimed = (await Promise.all(claims)).filter((one) => one !== null).length;
    expect([started + claimed, (await getRun(me.userId, runId)).attempt]).toEqual([1, 1]);
  }
});

test("twenty drivers claim two hundred runs, each run once, in their order for each driver", async () => {
  const unitId = await newUnit();
  const ids = await addRuns(unitId, 200);
  const drive = async (driverId: string): Promise<Run[]> => {
    const got: Run[] = [];
    for (;;) {
      const { run } = await claimRun(me.userId, { unitId, driverId });
      if (!run) return got;
      expect(run.driverId).toBe(driverId);
      got.push(run);
      await completeRun(me.userId, { runId: run.runId, attempt: run.attempt });
    }
  };
  const perDriver = await Promise.all(Array.from({ length: 20 }, (_, n) => drive(`driver-${n}`)));
  expect(perDriver.flatMap((runs) => runs.map((run) => run.runId)).sort()).toEqual([...ids].sort());
  for (const runs of perDriver) {
    const places = runs.map((run) => run.order);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  }
  const [left] = await getSql()`
    SELECT count(*) FILTER (WHERE status = 'completed' AND attempt = 1) AS done, count(*) AS all FROM runs WHERE unit_id = ${unitId}`;
  expect(left).toEqual({ done: 200, all: 200 });
  expect((await getUnit(me.userId, unitId)).version).toBe(2);
});

test("the same claim key at once and again is one claim", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const unitId = await newUnit();
    await addRuns(unitId, 5);
    const here = async () => (await claimRun(me.userId, { unitId, claimKey: "k" })).run;
    const claims = Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? here() : claimElsewhere(unitId, "k")));
    const got = [...(await Promise.all(claims)), await here()];
    expect(new Set(got.map((run) => `${run?.runId} ${run?.attempt}`)).size).toBe(1);
    expect((await getUnit(me.userId, unitId)).counts).toMatchObject({ running: 1, pending: 4 });
  }
});

describe("a claim races", () => {
  test("a cancel: claimed and then cancelled, or cancelled and never started", async () => {
    await claimRaces(1, async (unitId, [runId = ""], round) => {
      const [got, cancelled] = await Promise.all([claimLate(unitId, round), cancelRun(me.userId, { runId })]);
      expect(cancelled.attempt).toBe(got === null ? 0 : 1);
      expect(await getRun(me.userId, runId)).toMatchObject({ status: "cancelled", attempt: got === null ? 0 : 1 });
      return got !== null;
    });
  }, 120_000);

  test("an edit: the driver gets the new parameters, or the edit is refused", async () => {
    await claimRaces(1, async (unitId, [runId = ""], round) => {
      const edit = outcome(updateRun(me.userId, { runId, parameters: { edited: true } }));
      const [got, edited] = await Promise.all([claimLate(unitId, round), edit]);
      const parameters = "value" in edited ? { edited: true } : { n: 0 };
      expect(got?.parameters).toEqual(parameters);
      expect((await getRun(me.userId, runId)).parameters).toEqual(parameters);
      expect((await getUnit(me.userId, unitId)).version).toBe("value" in edited ? 3 : 2);
      if (!("value" in edited)) expect(edited).toEqual(refused);
      return !("value" in edited);
    });
  }, 120_000);

  test("a reorder: the first of the new order, or the reorder is refused and the first of the old", async () => {
    await claimRaces(2, async (unitId, [a = "", b = ""], round) => {
      const reorder = outcome(reorderRuns(me.userId, { unitId, runIds: [b, a] }));
      const [got, reordered] = await Promise.all([claimLate(unitId, round), reorder]);
      expect(got?.runId).toBe("value" in reordered ? b : a);
      if (!("value" in reordered)) expect(reordered).toEqual(refused);
      return !("value" in reordered);
    });
  }, 120_000);

  test("a removal: claimed and the removal refused, or removed and none claimed", async () => {
    await claimRaces(1, async (unitId, [runId = ""], round) => {
      const [got, removed] = await Promise.all([claimLate(unitId, round), outcome(removeRun(me.userId, { runId }))]);
      expect(removed).toEqual(got === null ? { value: undefined } : refused);
      return got !== null;
    });
  }, 120_000);

  test("a move: what has started is named, and the rest moves", async () => {
    const claimWon: boolean[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const unitId = await newUnit();
      const [a = "", b = "", c = ""] = await addRuns(unitId, 3);
      const move = moveRuns(me.userId, { unitId, runIds: [c, a], beforeId: b });
      const [got, { moved, started }] = await Promise.all([claimLate(unitId, round), move]);
      expect([got?.runId, moved, started]).toEqual(started.length === 0 ? [c, [c, a], []] : [a, [c], [a]]);
      claimWon.push(started.length > 0);
    }
    bothWon(claimWon);
  });

  test("a pause: once it is answered nothing more is claimed", async () => {
    const claimWon: boolean[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const unitId = await newUnit();
      await addRuns(unitId, 3);
      const [first] = await Promise.all([claimLate(unitId, round), pauseUnit(me.userId, { unitId })]);
      expect(await claim(unitId)).toBeNull();
      expect((await getUnit(me.userId, unitId)).counts.running).toBe(first === null ? 0 : 1);
      claimWon.push(first !== null);
    }
    bothWon(claimWon);
  });

  test("the removal of its unit or group, without force: either, never both", async () => {
    const claimWon: boolean[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const own = await createGroup(me.userId, { name: "g", metadata: {} });
      const input = { groupId: own.groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 };
      const { unitId } = await createUnit(me.userId, input);
      await addRuns(unitId, 1);
      const remove =
        round % 2 === 0
          ? removeUnit(me.userId, { unitId, force: false })
          : removeGroup(me.userId, { groupId: own.groupId, force: false });
      const [got, removed] = await Promise.all([outcome(claimLate(unitId, round)), outcome(remove)]);
      const isClaimed = "value" in got && got.value !== null;
      expect(removed).toEqual(isClaimed ? { code: "CONFLICT" } : { value: undefined });
      if (!isClaimed && "code" in got) expect(got.code).toBe("NOT_FOUND");
      claimWon.push(isClaimed);
    }
    bothWon(claimWon);
  });
});

describe("the end of a run races", () => {
  const running = async () => {
    const unitId = await newUnit();
    await addRuns(unitId, 1);
    return (await claim(unitId))?.runId ?? "";
  };

  test("a cancel, a failure and another completion: one of them is written", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const runId = await running();
      const ends = await Promise.all([
        outcome(completeRun(me.userId, { runId, result: { n: 1 } })),
        outcome(completeRun(me.userId, { runId, result: { n: 2 } })),
        outcome(failRun(me.userId, { runId, errorMessage: "oom" })),
        outcome(cancelRun(me.userId, { runId })),
      ]);
      const written = ends.filter((one) => "value" in one);
      expect(written).toEqual([{ value: await getRun(me.userId, runId) }]);
      expect(ends.filter((one) => "code" in one)).toEqual([refused, refused, refused]);
    }
  });

  test("itself, sent ten times: all are answered the same", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const runId = await running();
      const ends = Array.from({ length: 10 }, () => completeRun(me.userId, { runId, result: { n: 1 } }));
      const answers = (await Promise.all(ends)).map((run) => JSON.stringify(run));
      expect(new Set(answers).size).toBe(1);
    }
  });

  test("lines that are still under way: whole, or refused", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const runId = await running();
      const lines = Array.from({ length: 3 }, (_, n) => ({ message: `${n}`, stream: "stdout" as const }));
      const [written] = await Promise.all([
        outcome(appendRunLogs(me.userId, { runId, lines })),
        completeRun(me.userId, { runId }),
      ]);
      const [stored] = await getSql()`
        SELECT coalesce(sum(jsonb_array_length(lines)), 0)::int AS lines FROM log_chunks WHERE subject_id = ${runId}`;
      expect(stored?.lines).toBe("value" in written ? 3 : 0);
    }
  });

  test("a retry of what just failed: the older attempt can no longer write", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const runId = await running();
      await failRun(me.userId, { runId, attempt: 1 });
      const [late] = await Promise.all([
        outcome(completeRun(me.userId, { runId, attempt: 1 })),
        retryRun(me.userId, { runId }),
      ]);
      expect(late).toEqual(refused);
      expect((await getRun(me.userId, runId)).status).toBe("pending");
    }
  });
});
