// The V1 route of the record of who did what. V1, since it tells of tasks, keys and webhooks, too.
import { toSnake } from "../platform/field-names";
import type { JsonObject } from "../platform/json-safety";
import type { Route } from "../platform/route";
import { parseInput } from "../platform/validate";
import { queryPath, readQuery } from "../platform/wire";
import { activityInput, activityPageOutput } from "./input";
import { type Activity, listActivity } from "./list";

const wireActivity = (one: Activity): JsonObject =>
  Object.fromEntries(Object.entries(one).map(([name, value]) => [toSnake(name), value]));

const queryFrom = (query: URLSearchParams) =>
  parseInput(
    activityInput,
    readQuery(query, {
      object_id: "text",
      unit_id: "text",
      group_id: "text",
      kind: "text",
      actor_id: "text",
      limit: "number",
      cursor: "text",
    }),
    queryPath,
  );

export const activityRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/activity",
    description: {
      summary:
        "List who did what: the account's own actions, and those on its objects and on what is shared with it, newest first",
      query: activityInput,
      answer: activityPageOutput,
      example: {
        activity: [
          {
            activity_id: "17",
            at: "2026-11-30T08:00:00.000Z",
            actor_id: "user_mh2k4000a1b2c3d4e5f6g7",
            actor_email: "ada@example.org",
            via: "key",
            key_prefix: "mlq_Zx81",
            request_id: "req_mh2k4p9v",
            verb: "run.cancelled",
            kind: "run",
            object_id: null,
            object_name: null,
            group_id: "group_mh2k4p9q7f3m1x8c5v0b2n",
            unit_id: "unit_mh2k4p9r2d6h9j4k1l7z3w",
            count: 12,
            details: {},
          },
        ],
        next_cursor: null,
      },
    },
    handle: async ({ userId, query }) => {
      const { activity, nextCursor } = await listActivity(userId, queryFrom(query));
      return { fields: { activity: activity.map(wireActivity), next_cursor: nextCursor } };
    },
  },
];
