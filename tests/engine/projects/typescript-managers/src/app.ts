export const handler = async (event: { text: string }): Promise<number> => event.text.length;
