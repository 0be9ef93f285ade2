// What the units of a group have come to: the last result of each, and its best.
import { getSql } from "../platform/db";
import { type Headline, headlineOf } from "./headline";
import { listUnits } from "./units";

type Mark = { runId: string; name: string; value: number };
export type UnitResult = Headline & {
  unitId: string;
  /** null where it is not known which way is better */
  best: Mark | null;
  /** of the run that completed last */
  last: Mark;
};

type LastRow = { unit_id: string; id: string; name: string; numbers: Record<string, number> };
type BestRow = { unit_id: string; id: string; name: string; value: number };

/**
 * By the number that says most of the run which completed last. Units without a completed run that has a number are left out.
 *
 * @throws NOT_FOUND for the group
 */
export const resultsOfUnits = async (userId: string, input: { groupId: string }): Promise<UnitResult[]> => {
  const unitIds = (await listUnits(userId, input)).map((unit) => unit.unitId);
  const sql = getSql();
  const lasts = await sql<LastRow[]>`
    SELECT r.unit_id, r.id, r.name, r.numbers FROM unnest(${unitIds}::text[]) AS u(id) CROSS JOIN LATERAL (
      SELECT r.unit_id, r.id, r.name, (
        SELECT coalesce(json_object_agg(n.key, n.value), '{}') FROM jsonb_each(coalesce(r.metrics, '{}') || coalesce(r.result, '{}')) n
        WHERE jsonb_typeof(n.value) = 'number') AS numbers
      FROM runs r WHERE r.unit_id = u.id AND r.status = 'completed' AND r.deleted_at IS NULL
      ORDER BY r.completed_at DESC, r.place DESC LIMIT 1) r`;
  const told = lasts.flatMap((last) => {
    const headline = headlineOf(Object.keys(last.numbers));
    return headline ? [{ ...last, ...headline, value: last.numbers[headline.key] ?? 0 }] : [];
  });
  const known = told.filter(({ goal }) => goal !== null);
  const bests = await sql<BestRow[]>`
    SELECT k.unit_id, b.id, b.name, b.value
    FROM unnest(${known.map((one) => one.unit_id)}::text[], ${known.map((one) => one.key)}::text[], ${known.map(({ goal }) => (goal === "max" ? 1 : -1))}::int[])
      AS k(unit_id, key, sign)
    CROSS JOIN LATERAL (
      SELECT r.id, r.name, v.value::float8 AS value
      FROM runs r CROSS JOIN LATERAL (SELECT coalesce(r.result -> k.key, r.metrics -> k.key) AS value) v
      WHERE r.unit_id = k.unit_id AND r.status = 'completed' AND r.deleted_at IS NULL AND jsonb_typeof(v.value) = 'number'
      ORDER BY CASE WHEN jsonb_typeof(v.value) = 'number' THEN v.value::float8 * k.sign END DESC, r.place LIMIT 1) b`;
  const bestOf = new Map(bests.map(({ unit_id, id, name, value }) => [unit_id, { runId: id, name, value }]));
  return told.map(({ unit_id, id, name, key, goal, value }) => ({
    ...{ unitId: unit_id, key, goal },
    best: bestOf.get(unit_id) ?? null,
    last: { runId: id, name, value },
  }));
};
