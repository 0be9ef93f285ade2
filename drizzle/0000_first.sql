CREATE SEQUENCE "public"."task_turns" INCREMENT BY 1 MINVALUE 1 MAXVALUE 4294967295 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sign_ins" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"tier" text DEFAULT 'standard' NOT NULL,
	"role" text DEFAULT 'member' NOT NULL,
	"password_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"user_id" text COLLATE "C" NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"response" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_user_id_key_pk" PRIMARY KEY("user_id","key")
);
--> statement-breakpoint
CREATE TABLE "log_chunks" (
	"subject_id" text COLLATE "C" NOT NULL,
	"first_line" integer NOT NULL,
	"last_line" integer NOT NULL,
	"attempt" integer NOT NULL,
	"lines" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "log_chunks_subject_id_first_line_pk" PRIMARY KEY("subject_id","first_line")
);
--> statement-breakpoint
CREATE TABLE "metric_points" (
	"subject_id" text COLLATE "C" NOT NULL,
	"key" text NOT NULL,
	"step" double precision NOT NULL,
	"attempt" integer NOT NULL,
	"value" double precision NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "metric_points_subject_id_key_step_attempt_pk" PRIMARY KEY("subject_id","key","step","attempt")
);
--> statement-breakpoint
CREATE TABLE "gpu_leases" (
	"host" text NOT NULL,
	"gpu" text NOT NULL,
	"task_id" text COLLATE "C" NOT NULL,
	"attempt" integer NOT NULL,
	CONSTRAINT "gpu_leases_host_gpu_pk" PRIMARY KEY("host","gpu")
);
--> statement-breakpoint
CREATE TABLE "pending_tasks" (
	"task_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"queue" text NOT NULL,
	"run_at" timestamp with time zone,
	"blocked" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "queues" (
	"name" text PRIMARY KEY NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"reason" text,
	"changed_by" text COLLATE "C",
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ready_tasks" (
	"task_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"class" text NOT NULL,
	"place" bigint NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "task_attempts" (
	"task_id" text COLLATE "C" NOT NULL,
	"attempt" integer NOT NULL,
	"worker_id" text,
	"worker_epoch" integer,
	"boot_id" text,
	"pid_namespace" text,
	"claim_token" text,
	"worker_pid" integer,
	"worker_start_time" bigint,
	"lease_expires_at" timestamp with time zone,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text,
	"exit_code" integer,
	"signal" text,
	"error_message" text,
	CONSTRAINT "task_attempts_task_id_attempt_pk" PRIMARY KEY("task_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "task_count_deltas" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"queue" text NOT NULL,
	"status" text NOT NULL,
	"delta" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "task_counts" (
	"user_id" text COLLATE "C" NOT NULL,
	"queue" text NOT NULL,
	"status" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "task_counts_user_id_queue_status_pk" PRIMARY KEY("user_id","queue","status")
);
--> statement-breakpoint
CREATE TABLE "task_dependencies" (
	"task_id" text COLLATE "C" NOT NULL,
	"depends_on" text COLLATE "C" NOT NULL,
	CONSTRAINT "task_dependencies_task_id_depends_on_pk" PRIMARY KEY("task_id","depends_on")
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"queue" text NOT NULL,
	"name" text NOT NULL,
	"config" jsonb NOT NULL,
	"metadata" jsonb NOT NULL,
	"tags" text[] NOT NULL,
	"priority" integer NOT NULL,
	"place" bigint NOT NULL,
	"status" text NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"losses" integer DEFAULT 0 NOT NULL,
	"losses_since" timestamp with time zone,
	"seq" bigint NOT NULL,
	"max_attempts" integer DEFAULT 1 NOT NULL,
	"run_at" timestamp with time zone,
	"timeout_seconds" integer,
	"entrypoint" text,
	"command" text[],
	"env" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"resources" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"class" text NOT NULL,
	"depends_on" text[] DEFAULT '{}' NOT NULL,
	"result" jsonb,
	"error_message" text,
	"error_kind" text,
	"worker_id" text,
	"cancel_requested_at" timestamp with time zone,
	"cancel_reason" text,
	"webhook_url" text,
	"outcome" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"queued_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tasks_status" CHECK ("tasks"."status" IN ('pending','queued','running','completed','failed','cancelled')),
	CONSTRAINT "tasks_ended" CHECK (("tasks"."status" IN ('completed','failed','cancelled')) = ("tasks"."completed_at" IS NOT NULL)),
	CONSTRAINT "tasks_outcome" CHECK ("tasks"."outcome" IS NOT DISTINCT FROM CASE WHEN "tasks"."completed_at" IS NOT NULL THEN "tasks"."status" END),
	CONSTRAINT "tasks_priority" CHECK ("tasks"."priority" BETWEEN -1000000 AND 1000000)
);
--> statement-breakpoint
CREATE TABLE "templates" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"name" text NOT NULL,
	"config" jsonb NOT NULL,
	"description" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" text PRIMARY KEY NOT NULL,
	"epoch" integer DEFAULT 1 NOT NULL,
	"host" text NOT NULL,
	"boot_id" text NOT NULL,
	"pid_namespace" text NOT NULL,
	"pid" integer NOT NULL,
	"pid_start_time" bigint NOT NULL,
	"version" text NOT NULL,
	"slots" integer NOT NULL,
	"cpus" integer NOT NULL,
	"memory_mb" integer NOT NULL,
	"gpus" text[] NOT NULL,
	"queues" text[],
	"entrypoints" text[] NOT NULL,
	"allows_commands" boolean NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"draining" boolean DEFAULT false NOT NULL,
	"stopped_at" timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_hash" ON "api_keys" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "api_keys_user" ON "api_keys" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sign_ins_user" ON "sign_ins" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email" ON "users" USING btree ("email");--> statement-breakpoint
CREATE INDEX "gpu_leases_attempt" ON "gpu_leases" USING btree ("task_id","attempt");--> statement-breakpoint
CREATE INDEX "pending_tasks_due" ON "pending_tasks" USING btree ("run_at") WHERE NOT "pending_tasks"."blocked";--> statement-breakpoint
CREATE INDEX "pending_tasks_blocked" ON "pending_tasks" USING btree ("task_id") WHERE "pending_tasks"."blocked";--> statement-breakpoint
CREATE INDEX "pending_tasks_account" ON "pending_tasks" USING btree ("user_id","queue");--> statement-breakpoint
CREATE INDEX "ready_tasks_order" ON "ready_tasks" USING btree ("queue","class","place");--> statement-breakpoint
CREATE INDEX "ready_tasks_account" ON "ready_tasks" USING btree ("user_id","queue","place");--> statement-breakpoint
CREATE INDEX "ready_tasks_changed" ON "ready_tasks" USING btree ("changed_at");--> statement-breakpoint
CREATE UNIQUE INDEX "task_attempts_open" ON "task_attempts" USING btree ("task_id") WHERE "task_attempts"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "task_attempts_worker" ON "task_attempts" USING btree ("worker_id","worker_epoch") WHERE "task_attempts"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "task_dependencies_reverse" ON "task_dependencies" USING btree ("depends_on");--> statement-breakpoint
CREATE INDEX "tasks_newest" ON "tasks" USING btree ("user_id","seq");--> statement-breakpoint
CREATE INDEX "tasks_by_outcome" ON "tasks" USING btree ("user_id","outcome","seq") WHERE "tasks"."outcome" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_by_completion" ON "tasks" USING btree ("user_id","completed_at","seq") WHERE "tasks"."completed_at" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "templates_name" ON "templates" USING btree ("user_id","name");