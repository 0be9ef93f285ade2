CREATE TABLE "groups" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "run_checkpoints" (
	"run_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"attempt" integer NOT NULL,
	"step" double precision,
	"uri" text,
	"state" jsonb NOT NULL,
	"saved_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"unit_id" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"seq" bigserial NOT NULL,
	"place" bigint NOT NULL,
	"name" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_by" text DEFAULT 'web' NOT NULL,
	"parent_id" text COLLATE "C",
	"sweep_id" text COLLATE "C",
	"status" text DEFAULT 'pending' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"driver_id" text,
	"claim_key" text,
	"watched" boolean DEFAULT false NOT NULL,
	"last_named_at" timestamp with time zone,
	"misfit" text,
	"progress_done" double precision,
	"progress_total" double precision,
	"log_lines" integer DEFAULT 0 NOT NULL,
	"end_hash" text,
	"result" jsonb,
	"metrics" jsonb,
	"error_message" text,
	"error_kind" text,
	"cancelled_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "runs_status" CHECK ("runs"."status" IN ('pending','running','completed','failed','cancelled')),
	CONSTRAINT "runs_ended" CHECK (("runs"."status" IN ('completed','failed','cancelled')) = ("runs"."completed_at" IS NOT NULL) AND ("runs"."status" = 'cancelled') = ("runs"."cancelled_at" IS NOT NULL)),
	CONSTRAINT "runs_created_by" CHECK ("runs"."created_by" IN ('client','web'))
);
--> statement-breakpoint
CREATE TABLE "unit_drivers" (
	"unit_id" text COLLATE "C" NOT NULL,
	"driver_id" text NOT NULL,
	"slots" integer DEFAULT 1 NOT NULL,
	"last_heartbeat_at" timestamp with time zone NOT NULL,
	CONSTRAINT "unit_drivers_unit_id_driver_id_pk" PRIMARY KEY("unit_id","driver_id")
);
--> statement-breakpoint
CREATE TABLE "unit_presence" (
	"unit_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"last_heartbeat_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "units" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"group_id" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"stall_timeout_seconds" integer DEFAULT 120,
	"paused" boolean DEFAULT false NOT NULL,
	"paused_reason" text,
	"parameters_schema" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "groups_newest" ON "groups" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "runs_order" ON "runs" USING btree ("unit_id","place") WHERE "runs"."deleted_at" IS NULL;--> statement-breakpoint
CREATE INDEX "runs_by_status" ON "runs" USING btree ("unit_id","status","place") WHERE "runs"."deleted_at" IS NULL;--> statement-breakpoint
CREATE INDEX "runs_newest" ON "runs" USING btree ("user_id","seq") WHERE "runs"."deleted_at" IS NULL;--> statement-breakpoint
CREATE INDEX "runs_watched" ON "runs" USING btree ("last_named_at") WHERE "runs"."status" = 'running' AND "runs"."watched";--> statement-breakpoint
CREATE INDEX "runs_of_sweep" ON "runs" USING btree ("sweep_id") WHERE "runs"."sweep_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_in_trash" ON "runs" USING btree ("deleted_at") WHERE "runs"."deleted_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "units_of_group" ON "units" USING btree ("group_id","id");--> statement-breakpoint
CREATE INDEX "units_of_account" ON "units" USING btree ("user_id","id");