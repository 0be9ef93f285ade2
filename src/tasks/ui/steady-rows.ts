"use client";
// Rows that change in place but do not move under the reader's pointer.
import { useRef } from "react";

type Steady<Row> = { rows: { row: Row; isGone: boolean }[] /** rows that wait to be let in */; newCount: number };

/**
 * While `hold`, the rows keep their order: known ones are updated, gone ones stay (marked), new ones are counted.
 * When it ends, the latest order shows.
 *
 * @param view names what is listed: another filter or page shows at once, held or not
 */
export const useSteadyRows = <Row extends { taskId: string }>(
  latest: Row[] | undefined,
  hold: boolean,
  view: string,
): Steady<Row> => {
  const shown = useRef<{ view: string; rows: Row[] }>({ view, rows: [] });
  if (!latest) return { rows: [], newCount: 0 };
  if (!hold || shown.current.view !== view || shown.current.rows.length === 0) {
    shown.current = { view, rows: latest };
    return { rows: latest.map((row) => ({ row, isGone: false })), newCount: 0 };
  }
  const byId = new Map(latest.map((row) => [row.taskId, row]));
  const rows = shown.current.rows.map((old) => ({ row: byId.get(old.taskId) ?? old, isGone: !byId.has(old.taskId) }));
  const known = new Set(shown.current.rows.map((row) => row.taskId));
  return { rows, newCount: latest.filter((row) => !known.has(row.taskId)).length };
};
