CREATE TABLE "retention_marks" (
	"mark" text PRIMARY KEY NOT NULL,
	"up_to" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "runs_by_completion" ON "runs" USING btree ("user_id","completed_at","seq") WHERE "runs"."completed_at" IS NOT NULL;
--> statement-breakpoint
-- With the default of a fifth, a million stored tasks would gather 200,000 dead rows before a vacuum, all of them walked over at the end of an index.
ALTER TABLE "tasks" SET (autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
ALTER TABLE "task_attempts" SET (autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
ALTER TABLE "pending_tasks" SET (autovacuum_vacuum_scale_factor = 0.02);
--> statement-breakpoint
ALTER TABLE "webhook_events" SET (autovacuum_vacuum_scale_factor = 0.05);
