/** The sum of prices in cents, for people. */
export const total = (prices: readonly number[]): string => `EUR ${(prices.reduce((sum, price) => sum + price, 0) / 100).toFixed(2)}`;
