import { expect, test } from "vitest";
import { useHttpServer } from "../testing/http";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";

useTestServices();
const { call } = useHttpServer();

test("/docs tells every route to anybody, runs nothing and loads nothing", async () => {
  const answer = await call("GET", "/docs");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  for (const { method, path } of routes)
    expect(answer.text).toContain(
      `<span class="method">${method}</span> <code>${path.replace(/:(\w+)/g, "{$1}")}</code>`,
    );
  expect(answer.text).not.toMatch(/<script|src=|https?:\/\/(?!localhost|127|example|hooks?\.)/);
  expect((await call("HEAD", "/docs")).status).toBe(200);
  expect((await call("POST", "/docs")).status).toBe(405);
});

test("what stands in an example is text there, not markup", async () => {
  const { text } = await call("GET", "/docs");
  const allowed =
    /^<\/?(!doctype html|html lang="en"|html|head|meta [^>]*|title|style|body|main|h[123]( id="\w+")?|p( class="quiet")?|a href="[/#][\w./]*"|a|code|nav aria-label="Parts"|nav|ul|li|section id="[\w/]+"|section|span class="(method|quiet)"|span|div class="scroll" tabindex="0" role="region" aria-label="[^"<>]*"|div|table|thead|tbody|tr|th scope="col"|th|td|strong|details|summary|pre tabindex="0"|pre)>$/;
  for (const [tag] of text.matchAll(/<[^>]*>/g)) expect(tag).toMatch(allowed);
});
