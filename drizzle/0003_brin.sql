DROP INDEX "ready_tasks_changed";--> statement-breakpoint
CREATE INDEX "ready_tasks_changed" ON "ready_tasks" USING brin ("changed_at") WITH (pages_per_range=8,autosummarize=true);