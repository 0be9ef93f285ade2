import { sql } from "drizzle-orm";
import { check, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/** Which accounts besides its owner may see a group, or work in it. */
export const groupShares = pgTable(
  "group_shares",
  {
    groupId: idText("group_id").notNull(),
    userId: idText("user_id").notNull(),
    role: text("role").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    createdBy: idText("created_by").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.groupId, t.userId] }),
    check("group_shares_role", sql`${t.role} IN ('viewer','editor')`),
    index("group_shares_user").on(t.userId, t.groupId),
  ],
);
