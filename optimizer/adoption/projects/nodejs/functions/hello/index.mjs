// A first function: greets whom the event names.
export const handler = async (event) => {
  const greeting = process.env.GREETING ?? "Hello";
  return { message: `$${greeting}, $${event.name ?? "world"}` };
};
