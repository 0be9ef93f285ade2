// tRPC procedures of accounts.
import { z } from "zod";
import { DomainError } from "../platform/errors";
import { procedure, router } from "../platform/trpc";
import { instant } from "../platform/validate";
import { createKey, listKeys, revokeKey } from "./api-keys";
import { newPassword } from "./input";
import { MAX_PASSWORD_LENGTH } from "./password-rule";
import { ROLES } from "./roles";
import { ALL, SCOPES } from "./scopes";
import { changePassword, endOwnSignIn, listSignIns } from "./sign-in";
import { findUser } from "./users";

const scopes = z
  .array(z.enum([...SCOPES, ALL]))
  .min(1)
  .max(10);
const keyOutput = z.object({
  keyId: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});

const keysRouter = router({
  /** `key` is told this once. */
  create: procedure
    .meta({ scope: "profile" })
    .input(z.object({ name: z.string().min(1).max(200), scopes, expiresAt: instant.optional() }))
    .output(keyOutput.extend({ key: z.string() }))
    .mutation(({ ctx, input }) => createKey(ctx.userId, input)),
  list: procedure
    .meta({ scope: "profile" })
    .output(z.object({ keys: z.array(keyOutput) }))
    .query(async ({ ctx }) => ({ keys: await listKeys(ctx.userId) })),
  revoke: procedure
    .meta({ scope: "profile" })
    .input(z.object({ keyId: z.string().max(200) }))
    .output(z.object({ done: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await revokeKey(ctx.userId, input);
      return { done: true } as const;
    }),
});

export const accountsRouter = router({
  keys: keysRouter,
  /** Where the account is signed in; `isThis`: the browser that asks. */
  signIns: procedure
    .meta({ scope: "profile" })
    .output(
      z.object({
        signIns: z.array(
          z.object({ signInId: z.string(), createdAt: z.string(), expiresAt: z.string(), isThis: z.boolean() }),
        ),
      }),
    )
    .query(async ({ ctx }) => ({
      signIns: (await listSignIns(ctx.userId)).map((one) => ({ ...one, isThis: one.signInId === ctx.sid })),
    })),
  endSignIn: procedure
    .meta({ scope: "profile" })
    .input(z.object({ signInId: z.string().max(200) }))
    .output(z.object({ done: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await endOwnSignIn(ctx.userId, input);
      return { done: true } as const;
    }),
  /** The account's other sign-ins end with it. Counted as the creation of many, so that a session that was left open guesses slowly. */
  changePassword: procedure
    .meta({ scope: "profile", bucket: "batch" })
    .input(z.object({ current: z.string().max(MAX_PASSWORD_LENGTH), next: newPassword }))
    .output(z.object({ ended: z.number() }))
    .mutation(({ ctx, input }) => changePassword(ctx.userId, { ...input, keep: ctx.sid })),
  me: procedure
    .output(
      z.object({
        userId: z.string(),
        email: z.string(),
        role: z.enum(ROLES),
        tier: z.enum(["standard", "premium"]),
      }),
    )
    .query(async ({ ctx }) => {
      const user = await findUser(ctx.userId);
      if (!user) throw new DomainError("AUTH_REQUIRED", "authRequired");
      return user;
    }),
});
