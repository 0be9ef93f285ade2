// Which live hints of other accounts an account is told: those of groups that are shared with it.
import { getSql } from "../platform/db";
import type { Hint } from "../platform/live-event";
import { sharedGroups } from "../sharing/access";
import { mayGroup, mayUnit } from "./access";

/** The accounts that share something with this one: hints of others need not be looked at. */
export const accountsSharingWith = async (userId: string): Promise<Set<string>> => {
  const sql = getSql();
  const rows = await sql<{ user_id: string }[]>`
    SELECT DISTINCT g.user_id FROM groups g WHERE g.id = ANY(${sharedGroups(sql, userId, "view")})`;
  return new Set(rows.map((row) => row.user_id));
};

/** Of hints of other accounts' groups, units and runs, those that the account may see as the shares are now. */
export const visibleHints = async (userId: string, hints: Hint[]): Promise<Hint[]> => {
  const unitIds = hints.flatMap((one) => ("unitId" in one ? one.unitId : []));
  const groupIds = hints.flatMap((one) => ("groupId" in one && one.groupId !== undefined ? one.groupId : []));
  if (unitIds.length + groupIds.length === 0) return [];
  const sql = getSql();
  const rows = await sql<{ id: string }[]>`
    SELECT u.id FROM units u WHERE u.id = ANY(${unitIds}) AND ${mayUnit(sql, userId, "view")}
    UNION ALL SELECT g.id FROM groups g WHERE g.id = ANY(${groupIds}) AND ${mayGroup(sql, userId, "view")}`;
  const visible = new Set(rows.map((row) => row.id));
  return hints.filter((one) =>
    "unitId" in one
      ? visible.has(one.unitId)
      : "groupId" in one && one.groupId !== undefined && visible.has(one.groupId),
  );
};
