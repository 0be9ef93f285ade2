CREATE TABLE "metric_rollups" (
	"subject_id" text COLLATE "C" NOT NULL,
	"key" text NOT NULL,
	"level" smallint NOT NULL,
	"bucket" bigint NOT NULL,
	"low" double precision NOT NULL,
	"low_step" double precision NOT NULL,
	"high" double precision NOT NULL,
	"high_step" double precision NOT NULL,
	CONSTRAINT "metric_rollups_subject_id_key_level_bucket_pk" PRIMARY KEY("subject_id","key","level","bucket")
);--> statement-breakpoint
INSERT INTO "metric_rollups" ("subject_id", "key", "level", "bucket", "low", "low_step", "high", "high_step")
SELECT "subject_id", "key", l."level", floor("step" / 2.0 ^ l."level")::int8, min("value"), (min(ARRAY["value", "step"]))[2], max("value"), (max(ARRAY["value", "step"]))[2]
FROM "metric_points" CROSS JOIN (VALUES (9::int2), (16::int2)) AS l("level")
WHERE abs("step") <= 2.0 ^ 52 GROUP BY 1, 2, 3, 4;
