import { builder } from "../../platform/graphql/builder.ts";

export const RiskProfile = builder.enumType("RiskProfile", {
  description: "Why a state wants somebody, as far as an advisory may turn on it.",
  values: [
    "POLITICAL",
    "CONSCIENTIOUS_OBJECTOR",
    "DESERTER",
    "JOURNALIST",
    "RELATIVE",
    "OTHER",
  ] as const,
});
