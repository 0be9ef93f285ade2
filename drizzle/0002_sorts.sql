CREATE INDEX "tasks_by_priority" ON "tasks" USING btree ("user_id","priority","seq");--> statement-breakpoint
CREATE INDEX "tasks_by_name" ON "tasks" USING btree ("user_id","name" COLLATE "C","seq");