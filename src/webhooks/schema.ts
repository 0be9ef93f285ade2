import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

export const webhookEndpoints = pgTable(
  "webhook_endpoints",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    url: text("url").notNull(),
    /** null: all */
    events: text("events").array(),
    active: boolean("active").notNull().default(true),
    /** Why it was turned off, when its account did not do it: it answered 410. */
    offReason: text("off_reason"),
    /** Encrypted: see secret-box.ts. */
    secret: text("secret").notNull(),
    /** The one before the last rotation: signs, too, until its time is over. */
    oldSecret: text("old_secret"),
    oldSecretUntil: instant("old_secret_until"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (t) => [index("webhook_endpoints_account").on(t.userId, t.id)],
);

/** The outbox: one row per change of a status that somebody wants to hear of, written in the transaction of the change. */
export const webhookEvents = pgTable(
  "webhook_events",
  {
    /** The `webhook-id` of every try. */
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    /** a task, a run, or the endpoint that is tested */
    subjectId: idText("subject_id").notNull(),
    changeNo: integer("change_no").notNull(),
    event: text("event").notNull(),
    /** As it is signed and sent. */
    body: text("body").notNull(),
    /** a task's own address */
    ownUrl: text("own_url"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex("webhook_events_change").on(t.subjectId, t.changeNo),
    index("webhook_events_created").on(t.createdAt),
  ],
);

/** Who sends, and when that was last heard of: one row for each worker that has something under way. */
export const webhookSenders = pgTable("webhook_senders", {
  id: idText("id").primaryKey(),
  seenAt: instant("seen_at").notNull().defaultNow(),
});

/** An event on its way to one receiver, and what became of it. */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    id: idText("id").primaryKey(),
    eventId: idText("event_id").notNull(),
    userId: idText("user_id").notNull(),
    /** null: to the task's own address */
    endpointId: idText("endpoint_id"),
    /** Where it goes; for an endpoint only once it was tried, since its address may change until then. */
    url: text("url"),
    /** What shares the connections of one receiver: the endpoint, or the account and the origin of a task's own address. */
    receiver: idText("receiver").notNull(),
    status: text("status").notNull().default("pending"),
    /** Grows at every claim: the outcome of an older try no longer matches. */
    tries: integer("tries").notNull().default(0),
    nextTryAt: instant("next_try_at").notNull().defaultNow(),
    /** While a sender is at it: until then, and only as long as that is heard of. */
    lockedUntil: instant("locked_until"),
    lockedBy: idText("locked_by"),
    statusCode: integer("status_code"),
    /** The beginning of the last answer's body. */
    answer: text("answer"),
    error: text("error"),
    createdAt: instant("created_at").notNull().defaultNow(),
    deliveredAt: instant("delivered_at"),
  },
  (t) => [
    check("webhook_deliveries_status", sql`${t.status} IN ('pending','delivered','failed')`),
    check("webhook_deliveries_delivered", sql`(${t.status} = 'delivered') = (${t.deliveredAt} IS NOT NULL)`),
    index("webhook_deliveries_due").on(t.receiver, t.nextTryAt).where(sql`${t.status} = 'pending'`),
    index("webhook_deliveries_locked").on(t.receiver).where(sql`${t.lockedUntil} IS NOT NULL`),
    index("webhook_deliveries_log").on(t.endpointId, t.id),
    index("webhook_deliveries_event").on(t.eventId),
    index("webhook_deliveries_created").on(t.createdAt),
  ],
);
