import { answerJson, type Exchange } from "./answer";

export const answerOpenApi = (exchange: Exchange): void => answerJson(exchange, 200, { openapi: "3.1.0" });
