"use client";
// The way to the server. The router is imported as a type only: none of its code comes along.
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "../api/root";
import { refusalOf } from "./refusal";
import { signInPath } from "./sign-in-path";

const API = "/api/trpc";

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;
export type Client = TRPCClient<AppRouter>;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const toSignIn = (error: unknown) => {
  if (refusalOf(error).kind === "signed-out")
    window.location.assign(signInPath(window.location.pathname + window.location.search));
};

const makeQueryClient = () =>
  new QueryClient({
    queryCache: new QueryCache({ onError: toSignIn }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A laptop without a network still reaches a server on itself: try, and see.
        networkMode: "always",
        retry: (failures, error) => failures < 1 && ["offline", "unavailable"].includes(refusalOf(error).kind),
        retryDelay: 1000,
      },
      mutations: { networkMode: "always", onError: toSignIn },
    },
  });

const makeClient = () =>
  createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url: API }),
        // The server words its refusals in the page's language, whatever the browser's own one is.
        false: httpBatchLink({
          url: API,
          maxURLLength: 8000,
          headers: () => ({ "accept-language": document.documentElement.lang }),
        }),
      }),
    ],
  });

export const ServerProvider = ({ children }: { children: ReactNode }) => {
  const [queryClient] = useState(makeQueryClient);
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
};
