"use client";
import { useRouter } from "next/navigation";
import { signOut } from "next-auth/react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../button";
import { ClockIcon, GearIcon, MachineIcon, SignOutIcon, UserIcon } from "../icons";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../menu";
import type { Outputs } from "../trpc";

export type Reader = Pick<Outputs["accounts"]["me"], "email" | "role">;

export const AccountMenu = ({ email, role }: Reader) => {
  const { t } = useLanguage();
  const router = useRouter();
  const leave = async () => {
    try {
      await signOut({ callbackUrl: "/sign-in" });
    } catch (error) {
      toast.error(t("error.offline"), { description: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <Menu
      trigger={
        <IconButton label={t("shell.account")}>
          <UserIcon />
        </IconButton>
      }
    >
      <MenuLabel>
        {email} · {t(`profile.role.${role}`)}
      </MenuLabel>
      <MenuSeparator />
      <MenuItem icon={<ClockIcon />} onSelect={() => router.push("/activity")}>
        {t("activity.title")}
      </MenuItem>
      <MenuItem icon={<GearIcon />} onSelect={() => router.push("/settings")}>
        {t("shell.settings")}
      </MenuItem>
      {role === "owner" && (
        <MenuItem icon={<MachineIcon />} onSelect={() => router.push("/admin")}>
          {t("shell.admin")}
        </MenuItem>
      )}
      <MenuItem icon={<SignOutIcon />} onSelect={leave}>
        {t("shell.signOut")}
      </MenuItem>
    </Menu>
  );
};
