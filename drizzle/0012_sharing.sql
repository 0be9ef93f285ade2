CREATE TABLE "activity" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_id" text COLLATE "C" NOT NULL,
	"via" text NOT NULL,
	"key_prefix" text,
	"request_id" text,
	"verb" text NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"object_id" text COLLATE "C",
	"owner_id" text COLLATE "C" NOT NULL,
	"group_id" text COLLATE "C",
	"unit_id" text COLLATE "C",
	"count" integer DEFAULT 1 NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "group_shares" (
	"group_id" text COLLATE "C" NOT NULL,
	"user_id" text COLLATE "C" NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text COLLATE "C" NOT NULL,
	CONSTRAINT "group_shares_group_id_user_id_pk" PRIMARY KEY("group_id","user_id"),
	CONSTRAINT "group_shares_role" CHECK ("group_shares"."role" IN ('viewer','editor'))
);
--> statement-breakpoint
CREATE INDEX "activity_owner" ON "activity" USING btree ("owner_id","kind","id");--> statement-breakpoint
CREATE INDEX "activity_owner_person" ON "activity" USING btree ("owner_id","actor_id","kind","id");--> statement-breakpoint
CREATE INDEX "activity_actor" ON "activity" USING btree ("actor_id","kind","id");--> statement-breakpoint
CREATE INDEX "activity_group" ON "activity" USING btree ("group_id","kind","id") WHERE "activity"."group_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "activity_group_person" ON "activity" USING btree ("group_id","actor_id","kind","id") WHERE "activity"."group_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "activity_unit" ON "activity" USING btree ("unit_id","id") WHERE "activity"."unit_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "activity_object" ON "activity" USING btree ("object_id","id") WHERE "activity"."object_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "group_shares_user" ON "group_shares" USING btree ("user_id","group_id");