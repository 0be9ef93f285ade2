CREATE TABLE "run_estimates" (
	"run_id" text COLLATE "C" NOT NULL,
	"attempt" integer NOT NULL,
	"unit_id" text COLLATE "C" NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	"end_p50_seconds" double precision NOT NULL,
	"end_p90_seconds" double precision NOT NULL,
	CONSTRAINT "run_estimates_run_id_attempt_pk" PRIMARY KEY("run_id","attempt")
);
--> statement-breakpoint
CREATE INDEX "run_estimates_of_unit" ON "run_estimates" USING btree ("unit_id","made_at");