-- Room on each page for heap-only updates: a task is updated at start and at end.
ALTER TABLE "tasks" SET (fillfactor = 70);--> statement-breakpoint
-- Rows come and go with every task; a late vacuum would leave the claim walking over dead ones.
ALTER TABLE "ready_tasks" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);--> statement-breakpoint
ALTER TABLE "task_count_deltas" SET (autovacuum_vacuum_scale_factor = 0.02);
