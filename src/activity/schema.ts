// Who did what to which object, and when. Written once, never changed; housekeeping purges what is old.
import { sql } from "drizzle-orm";
import { bigserial, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

export const activity = pgTable(
  "activity",
  {
    /** In the order of writing: pages go by it. */
    id: bigserial("id", { mode: "number" }).primaryKey(),
    at: instant("at").notNull().defaultNow(),
    actorId: idText("actor_id").notNull(),
    /** browser, key, token, cli */
    via: text("via").notNull(),
    keyPrefix: text("key_prefix"),
    requestId: text("request_id"),
    verb: text("verb").notNull(),
    kind: idText("kind").notNull(),
    /** null for the creation of many at once */
    objectId: idText("object_id"),
    /** whose object it is */
    ownerId: idText("owner_id").notNull(),
    groupId: idText("group_id"),
    unitId: idText("unit_id"),
    /** how many objects it changed */
    count: integer("count").notNull().default(1),
    details: jsonb("details").notNull().default({}),
  },
  // Each listing reads its newest rows from one of these, kind by kind, and stops.
  (t) => [
    index("activity_owner").on(t.ownerId, t.kind, t.id),
    index("activity_owner_person").on(t.ownerId, t.actorId, t.kind, t.id),
    index("activity_actor").on(t.actorId, t.kind, t.id),
    index("activity_group").on(t.groupId, t.kind, t.id).where(sql`${t.groupId} IS NOT NULL`),
    index("activity_group_person").on(t.groupId, t.actorId, t.kind, t.id).where(sql`${t.groupId} IS NOT NULL`),
    index("activity_unit").on(t.unitId, t.id).where(sql`${t.unitId} IS NOT NULL`),
    index("activity_object").on(t.objectId, t.id).where(sql`${t.objectId} IS NOT NULL`),
  ],
);
