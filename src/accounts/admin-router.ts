// tRPC procedures of an owner, about the accounts of all.
import { z } from "zod";
import { procedure, router } from "../platform/trpc";
import { addAccount, listAccounts } from "./all-accounts";
import { changeAccount } from "./change-account";
import { newPassword } from "./input";
import { invite } from "./invitations";
import { ROLES } from "./roles";
import { TIERS } from "./users";

const user = z.object({
  userId: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  tier: z.enum(TIERS),
  createdAt: z.string(),
  offSince: z.string().nullable(),
});
const overview = user.extend({
  lastSignInAt: z.string().nullable(),
  lastKeyUseAt: z.string().nullable(),
  keys: z.number(),
  hasPassword: z.boolean(),
  invitedUntil: z.string().nullable(),
});
const userId = z.string().max(200);
const invitation = z.object({ token: z.string(), expiresAt: z.string() });

const ownersOnly = procedure.meta({ scope: "server" });

export const adminAccountsRouter = router({
  list: ownersOnly
    .output(z.object({ accounts: z.array(overview) }))
    .query(async () => ({ accounts: await listAccounts() })),
  /** Without a password it is told an invitation, this once. */
  add: ownersOnly
    .input(
      z.object({
        email: z.string().min(1).max(254),
        role: z.enum(ROLES).default("member"),
        tier: z.enum(TIERS).default("standard"),
        password: newPassword.optional(),
      }),
    )
    .output(z.object({ user, invitation: invitation.nullable() }))
    .mutation(({ ctx, input }) => addAccount(input, ctx.userId)),
  change: ownersOnly
    .input(
      z.object({
        userId,
        role: z.enum(ROLES).optional(),
        tier: z.enum(TIERS).optional(),
        isOff: z.boolean().optional(),
      }),
    )
    .output(user)
    .mutation(({ ctx, input: { userId: id, ...change } }) => changeAccount(id, change, ctx.userId)),
  invite: ownersOnly
    .input(z.object({ userId }))
    .output(invitation)
    .mutation(({ ctx, input }) => invite(input.userId, ctx.userId)),
});
