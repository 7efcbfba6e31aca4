import ms from "ms";
import { total } from "@acme/money";

interface Order {
  prices: number[];
  fail?: boolean;
}

export const handler = async (order: Order): Promise<{ total: string; day: number }> => {
  if (order.fail) throw new Error("no order");
  return { total: total(order.prices), day: ms("1 day") };
};
